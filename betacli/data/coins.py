"""Names of coins: what some are called now, and what exchanges write for a thousand of them."""

from collections.abc import Mapping

RENAMED: Mapping[str, tuple[str, int]] = {
    "MATIC": ("POL", 1),
    "FTM": ("S", 1),
    "RNDR": ("RENDER", 1),
    "EOS": ("A", 1),
    "MKR": ("SKY", 24_000),
}
"""Old names: what each is called now, and how many new coins one old coin became."""

MULTIPLIERS: Mapping[str, int] = {
    "1000": 1_000,
    "10000": 10_000,
    "1000000": 1_000_000,
    "10000000": 10_000_000,
    "1M": 1_000_000,
    "k": 1_000,
}
"""What exchanges write before the name of a cheap coin, and how many coins that is."""

SUFFIXES: Mapping[str, int] = {"1000": 1_000}
"""The same behind the name: Bybit's `SHIB1000`."""
