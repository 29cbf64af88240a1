"""`--explain`: what prices and contracts are of, so that every line of them is true with its units."""

from betacli import document as doc
from betacli.plan.basket_plan import Leg
from betacli.plan.hedge_plan import HedgePart

MANY = 1e6  # from here on two decimals say enough


def figure(amount: float) -> str:
    """Show a quotient with 8 digits, and all of those before the point."""
    return f"{amount:,.2f}" if abs(amount) >= MANY else f"{amount:.8g}"


def unit_of(row: Leg | HedgePart) -> str:
    """Return what one price buys: `ETH`, or `units of 1,000 PEPE`."""
    coins = row.multiplier or 1
    return row.base if coins == 1 else f"units of {coins:,} {row.base}"


def priced(row: Leg | HedgePart) -> str:
    """Return a price with what it is of, where that is not one coin: `0.0125 per 1,000 PEPE`."""
    coins = row.multiplier or 1
    return f"{row.price:.12g}" + ("" if coins == 1 else f" per {coins:,} {row.base}")


def counted(row: Leg | HedgePart) -> str:
    """Return contracts as coins: `2,285 contracts x 0.01 = 22.85 ETH`."""
    what = "units" if isinstance(row, Leg) and row.kind == "spot" else "contracts"
    sizes = (row.contract_size or 1, row.multiplier or 1)
    times = "".join(f" x {doc.significant(size)}" for size in sizes if size != 1)
    return f"{doc.significant(row.contracts)} {what}{times} = {doc.significant(row.amount)} {row.base}"
