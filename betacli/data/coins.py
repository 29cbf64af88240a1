"""Names of coins: what some are called now, and what exchanges write for a thousand of them."""

from collections.abc import Mapping

RENAMED: Mapping[str, tuple[str, float]] = {
    "MATIC": ("POL", 1),
    "FTM": ("S", 1),
    "RNDR": ("RENDER", 1),
    "EOS": ("A", 1),
    "MKR": ("SKY", 24_000),
    "AGIX": ("FET", 0.43335),
    "OCEAN": ("FET", 0.433226),
    "BNX": ("FORM", 1),
    "BTT": ("BTTC", 1_000),
    "COCOS": ("COMBO", 1),
    "DAR": ("D", 1),
    "ERD": ("EGLD", 0.001),
    "FRONT": ("SELF", 1),
    "GAL": ("G", 60),
    "KLAY": ("KAIA", 1),
    "LEND": ("AAVE", 0.01),
    "MC": ("BEAM", 100),
    "NANO": ("XNO", 1),
    "NPXS": ("PUNDIX", 0.001),
    "ORN": ("LUMIA", 1),
    "TOMO": ("VIC", 1),
    "VEN": ("VET", 100),
    "XZC": ("FIRO", 1),
}
"""Old names: what each is called now, and how many new coins one old coin became."""


def exchanged(base: str) -> str:
    """Say what became of a coin that has another name now: `MKR became SKY (24,000 SKY for one MKR)`."""
    name, ratio = RENAMED[base]
    if ratio == 1:
        coins = "one coin for one"
    elif ratio < 1 and abs(1 / ratio - round(1 / ratio)) < 1e-9:
        coins = f"one {name} for {round(1 / ratio):,} {base}"
    else:
        coins = f"{ratio:,.10g} {name} for one {base}"
    return f"{base} became {name} ({coins})"


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
