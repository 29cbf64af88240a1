"""Plan sector baskets of crypto futures with the beta you want."""

__version__ = "0.1.0"
