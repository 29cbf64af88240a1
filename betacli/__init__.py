"""Plan sector baskets of crypto futures with the beta you want.

The command line is `betacli --help`; the library is `load_universe`, `estimate_betas`, `solve_target_beta` and
`hedge_basket`, described in `betacli.library` and loaded when first used.
"""

TYPE_CHECKING = False  # type checkers take it for true; importing `typing` for it costs `--version` 4 ms
if TYPE_CHECKING:
    from typing import Any

    from betacli.library import estimate_betas, hedge_basket, load_universe, solve_target_beta

__version__ = "0.1.0"
__all__ = ["__version__", "estimate_betas", "hedge_basket", "load_universe", "solve_target_beta"]


def __getattr__(name: str) -> "Any":
    """Load the library when one of its functions is asked for: importing betacli imports nothing heavy."""
    if name not in __all__:
        message = f"module `betacli` has no attribute `{name}`"
        raise AttributeError(message)
    from betacli import library  # noqa: PLC0415

    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
