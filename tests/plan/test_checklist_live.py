"""The steps that only an exchange can answer: the same command and prices, and one thing of the market changed."""

from pathlib import Path

import numpy as np
import pytest

from conftest import NOW_MS, Cli
from fake_exchange.market import DAY_MS, Instrument
from marketing import BASES, VENUES, a_market, answer, closes, sectors, serve

LIMITS = "maintenance_margin: 0.01\n"
PRICES = {base: float(path[-1]) for base, path in closes().items()}


def book(
    price: float, half_spread_bps: float, size: float
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Ten levels a side of `size` quote currency each, the first `half_spread_bps` from the middle."""
    sides = []
    for way in (-1, 1):
        levels = [price * (1 + way * (half_spread_bps + n) / 1e4) for n in range(10)]
        sides.append([(f"{level:.6f}", f"{size / level:.6f}") for level in levels])
    return sides[0], sides[1]


def deep(**changes: tuple[float, float]) -> dict[str, object]:
    """Order books of every coin, 1 bp from the middle and 10,000 a level, but for those that are changed."""
    return {f"{base}USDT": book(PRICES[base], *changes.get(base, (1.0, 10_000.0))) for base in BASES}


CALM: dict[str, object] = {
    "books": deep(),
    "funding": {f"{base}USDT": "0.0001" for base in BASES},
    "funding_hours": {},
    "payments": {},
}


def steps(cli: Cli, folder: Path, venue: str = "bybit", **changes: object) -> tuple[int, dict[str, dict]]:
    with serve(venue, a_market(**{**CALM, **changes})) as fake:
        sectors(folder, fake.options, extra=LIMITS)
        argv = ("--sector", "l1", "--target", "1.45", "--notional", "50", "--equity", "25")
        ran = cli(
            "checklist", *argv, "--max-weight", "0.6", "--exchange", venue, "--timeout", "60", "-O", "json"
        )
    assert ran.code in {0, 10}, ran.err
    import json

    report = json.loads(ran.out)["data"]
    assert (ran.code == 10) == (report["verdict"] == "fail")
    return ran.code, {step["id"]: step for step in report["steps"]}


def status(found: dict[str, dict]) -> dict[str, str]:
    return {name: step["status"] for name, step in found.items()}


def test_a_sound_trade_passes_on_a_live_exchange(cli: Cli, tmp_path: Path) -> None:
    """Deep books, small rates, margin tiers that are told: no step fails and none is left to judge."""
    code, found = steps(cli, tmp_path)
    assert (code, set(status(found).values())) == (0, {"pass"}), status(found)


@pytest.mark.parametrize(
    ("changes", "step", "said"),
    [
        ({"books": deep(SOL=(1.0, 1.0))}, "liquidity", "manual"),  # the book does not hold the order
        ({"books": deep(SOL=(30.0, 10_000.0))}, "liquidity", "grade D: SOL by spread"),
        ({"books": deep(SOL=(6.0, 10_000.0))}, "liquidity", "grade C: SOL by spread"),
        ({"funding": {**CALM["funding"], "SOLUSDT": "0.004"}}, "hedge", "funding -"),
        ({"funding": {**CALM["funding"], "BTCUSDT": "-0.002"}}, "hedge", "funding -"),
        (
            {"instruments": [*(Instrument(base=b, contract_size="1") for b in BASES[:-1]),
                             Instrument(base="AVAX", contract_size="1", status="Closed")]},
            "sector",
            "refused: AVAX",
        ),
        ({"instruments": [Instrument(base=b, contract_size="1", step="50") for b in BASES]}, "size", "too small"),
        (
            {"instruments": [*(Instrument(base=b, contract_size="1") for b in BASES[:-1]),
                             Instrument(base="AVAX", contract_size="1", listed_ms=NOW_MS - 20 * DAY_MS)]},
            "liquidity",
            "grade D: AVAX by age",
        ),
    ],
    ids=["thin", "wide", "wider", "long pays", "short pays", "closed", "coarse", "young"],
)  # fmt: skip
def test_one_thing_of_the_market_flips_its_step(
    cli: Cli, tmp_path: Path, changes: dict[str, object], step: str, said: str
) -> None:
    """From pass to fail, warn or manual, and the step says what and by how much."""
    _, found = steps(cli, tmp_path, **changes)
    assert found[step]["status"] != "pass"
    assert said in found[step]["summary"] or found[step]["status"] == said
    assert found[step]["next_step"]


def test_funding_that_eats_the_trade_fails_it_with_the_sum(cli: Cli, tmp_path: Path) -> None:
    """0.4 % every 8 hours on SOL's weight for 7 days, less what the short receives: by hand from the plan's weights."""
    code, found = steps(cli, tmp_path, funding={**CALM["funding"], "SOLUSDT": "0.004"})
    facts = found["hedge"]["facts"]
    assert (code, found["hedge"]["status"]) == (10, "fail")
    with serve("bybit", a_market(**{**CALM, "funding": {**CALM["funding"], "SOLUSDT": "0.004"}})) as fake:
        sectors(tmp_path, fake.options, extra=LIMITS)
        argv = ("--sector", "l1", "--target", "1.45", "--notional", "50", "--max-weight", "0.6")
        legs = answer(cli, "hedge", *argv, "--exchange", "bybit")["data"]
    rates = {"ETH": 0.0001, "SOL": 0.004, "AVAX": 0.0001}
    paid = -sum(leg["notional"] * rates[leg["base"]] for leg in legs["basket"]["legs"]) * 21
    received = -legs["hedge"]["notional"] * 0.0001 * 21
    assert facts["funding_bps"] == pytest.approx((paid + received) / 50 * 1e4, rel=1e-9)


def test_a_wandering_index_alone_warns_of_basis_risk(cli: Cli, tmp_path: Path, monkeypatch) -> None:
    """An index that strays 3 % a day from the contract is a basis risk of some 80 % a year."""
    from fake_exchange.market import FakeMarket

    kept = FakeMarket.rows

    def strayed(self: FakeMarket, symbol: str, timeframe_ms: int, **how: object) -> list[list[object]]:
        rows = kept(self, symbol, timeframe_ms, **how)
        if not how.get("index"):
            return rows
        moved = {row[0]: 1 + 0.02 * np.sin(int(row[0]) // DAY_MS * 2.3) for row in rows}
        return [
            [row[0], *(repr(float(x) * float(moved[row[0]])) for x in row[1:5]), *row[5:]] for row in rows
        ]

    monkeypatch.setattr(FakeMarket, "rows", strayed)
    _, found = steps(cli, tmp_path)
    assert found["hedge"]["status"] == "warn"
    assert "basis risk" in found["hedge"]["summary"]
    assert found["hedge"]["next_step"] == "see `betacli basis`"


@pytest.mark.parametrize("venue", VENUES)
def test_every_venue_can_be_judged(cli: Cli, tmp_path: Path, venue: str) -> None:
    """No step fails on any of the five; what a venue does not tell is manual, with the reason."""
    listed = [Instrument(base=base, contract_size="0.01") for base in BASES]  # MEXC counts contracts
    code, found = steps(cli, tmp_path, venue, instruments=listed)
    assert code == 0, {name: step["summary"] for name, step in found.items() if step["status"] == "fail"}
    assert all("unknown" in step["summary"] for step in found.values() if step["status"] == "manual")
