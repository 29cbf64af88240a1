"""`betacli liquidity` and `--liquidity-cap`: one hand-worked book on five exchanges, and what is unknown."""

from pathlib import Path

import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from fake_exchange.market import Instrument
from marketing import BASES, VENUES, a_market, answer, named, sectors, serve

# three equal legs of 6,006: an order of 2,002 each
ORDER = ("--sector", "l1", "--notional", "6006")


@pytest.mark.parametrize("venue", VENUES)
def test_a_three_level_book_is_walked_both_ways(cli: Cli, tmp_path: Path, venue: str) -> None:
    """2,002 buys 20 ETH at 100.10 and sells 20.04 at 99.90; the middle is 100, the spread 10 bps.

    Buying: 1,000.50 for 10 at 100.05 and 1,001.50 for 10 at 100.15. Selling: 999.50 for 10 at 99.95 and 1,002.50 for
    10.04006 at 99.85.
    """
    with serve(venue) as fake:
        sectors(tmp_path, fake.options)
        rows = answer(cli, "liquidity", *ORDER, "--exchange", venue)["data"]["names"]
    eth = named(rows, "ETH")
    assert eth["contract"] == "active"
    assert (eth["bid"], eth["ask"], eth["spread_bps"]) == (99.95, 100.05, pytest.approx(10.0))
    assert eth["order"] == pytest.approx(2002)
    assert eth["buy_slippage_bps"] == pytest.approx((100.10 / 100.05 - 1) * 1e4)
    sold = 2002 / (10 + 1002.50 / 99.85)
    assert eth["sell_slippage_bps"] == pytest.approx((1 - sold / 99.95) * 1e4)
    assert eth["buy_cost_bps"] == pytest.approx(10.0)
    depth = {level["bps"]: (level["bid"], level["ask"], level["complete"]) for level in eth["depth"]}
    assert depth[10] == (pytest.approx(999.50), pytest.approx(1000.50), True)
    assert depth[25] == (pytest.approx(2996.50), pytest.approx(3003.50), True)
    assert depth[50] == (pytest.approx(5981.50), pytest.approx(6018.50), False)
    assert named(rows, "BTC", "hedge")["order"] < 0


@pytest.mark.parametrize("venue", VENUES)
def test_volume_is_a_daily_average_and_the_order_a_share_of_it(cli: Cli, tmp_path: Path, venue: str) -> None:
    """Every bar trades 1,000 coins: the average is near 1,000 × 100, and days to exit are the share over 5 %."""
    with serve(venue) as fake:
        sectors(tmp_path, fake.options)
        eth = named(answer(cli, "liquidity", *ORDER, "--exchange", venue)["data"]["names"], "ETH")
    assert 50_000 < eth["adv_30d"] < 200_000
    assert eth["participation"] == pytest.approx(2002 / eth["adv_30d"])
    assert eth["days_to_exit"] == pytest.approx(eth["participation"] / 0.05)
    # 1 % of the volume is less than the book allows at 10 bps of slippage
    allowed = {"participation": 0.01 * eth["adv_30d"], "open_interest": 0.01 * (eth["open_interest"] or 1e9)}
    assert eth["max_notional"] == pytest.approx(min(allowed.values()))
    assert eth["max_set_by"] == min(allowed, key=allowed.get)
    assert (eth["open_interest"] is None) == (venue == "mexc")


def test_an_order_larger_than_the_book_says_how_much_it_holds(cli: Cli, tmp_path: Path) -> None:
    """ETH's book holds 6,018.50 of asks: an order of 20,000 has no slippage, no grade better than D, and a reason."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        report = answer(
            cli, "liquidity", "--sector", "l1", "--notional", "60000", "--exchange", "binanceusdm"
        )
    eth = named(report["data"]["names"], "ETH")
    assert eth["buy_slippage_bps"] is None
    assert "6,018.50" in eth["unknown"]["buy-slippage"]
    assert eth["grade"] == "D"  # 20 % of a day's volume


@pytest.mark.parametrize(
    ("book", "why"),
    [
        (([("101", "1")], [("100", "1")]), "crossed"),
        (([], [("100", "1")]), ""),
        (([("99", "1")], []), ""),
    ],
)
def test_an_unsound_book_gives_no_number(cli: Cli, tmp_path: Path, book: object, why: str) -> None:
    """A crossed book and an empty side leave spread, slippage and grade unknown, with the reason."""
    with serve("binanceusdm", a_market(books={"ETHUSDT": book})) as fake:
        sectors(tmp_path, fake.options)
        eth = named(answer(cli, "liquidity", *ORDER, "--exchange", "binanceusdm")["data"]["names"], "ETH")
    assert (eth["spread_bps"], eth["buy_slippage_bps"], eth["grade"]) == (None, None, None)
    assert why in eth["unknown"]["order-book"]
    assert eth["unknown"]["grade"]


def test_a_member_without_a_contract_is_a_row_with_its_reason(cli: Cli, tmp_path: Path) -> None:
    """MATIC became POL, OLD is halted, NONE does not exist: each is told apart, and the others have their numbers."""
    market = a_market()
    market.instruments.append(Instrument(base="OLD", status="SETTLING", contract_size="1"))
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options, members="ETH, SOL, AVAX, MATIC, OLD, NONE")
        rows = answer(cli, "liquidity", *ORDER, "--exchange", "binanceusdm")["data"]["names"]
    found = {row["base"]: (row["contract"], row["new_name"]) for row in rows}
    assert found["MATIC"] == ("renamed", "POL")
    assert found["OLD"] == ("not active", None)
    assert found["NONE"] == ("none", None)
    assert found["ETH"] == ("active", None)
    assert named(rows, "NONE")["unknown"]["contract"]
    assert named(rows, "NONE")["max_notional"] is None


def test_the_past_has_no_books(cli: Cli, tmp_path: Path) -> None:
    """Under `--as-of` book and open interest are null with the reason; the volume is known, and so is a cap."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        asked = ("--exchange", "binanceusdm", "--as-of", "2026-10-20T07:00:00Z")
        eth = named(answer(cli, "liquidity", *ORDER, *asked)["data"]["names"], "ETH")
    assert (eth["spread_bps"], eth["open_interest"], eth["grade"]) == (None, None, None)
    assert "past" in eth["unknown"]["order-book"]
    assert "past" in eth["unknown"]["open-interest"]
    assert eth["adv_30d"] is not None
    assert eth["max_set_by"] == "participation"


def test_a_book_that_fails_is_that_names_alone(cli: Cli, tmp_path: Path) -> None:
    """ETH's book comes back as HTML: ETH has no spread, SOL has."""
    with serve("binanceusdm", faults=(Fault("html", endpoint="depth", symbol="ETHUSDT"),)) as fake:
        sectors(tmp_path, fake.options)
        rows = answer(cli, "liquidity", *ORDER, "--exchange", "binanceusdm")["data"]["names"]
    assert named(rows, "ETH")["spread_bps"] is None
    assert named(rows, "SOL")["spread_bps"] is not None


@pytest.mark.parametrize("venue", VENUES)
def test_the_liquidity_cap_bounds_the_weights(cli: Cli, tmp_path: Path, venue: str) -> None:
    """With a basket of 2,600 and 1 % of each volume as the cap no leg is larger, and the notice names the limits."""
    with serve(venue) as fake:
        sectors(tmp_path, fake.options)
        asked = ("--sector", "l1", "--exchange", venue)
        rows = answer(cli, "liquidity", *asked, "--notional", "2600")["data"]["names"]
        most = {row["base"]: row["max_notional"] for row in rows if row["role"] == "leg"}
        whole = 0.99 * sum(most.values())
        report = answer(cli, "solve", *asked, "--notional", f"{whole:.2f}", "--liquidity-cap")
        small = cli("solve", *asked, "--notional", f"{2 * whole:.2f}", "--liquidity-cap", "--timeout", "60")
    for leg in report["data"]["legs"]:
        assert leg["notional"] <= most[leg["base"]] * (1 + 1e-9)
    assert any(notice["id"] == "liquidity-cap" for notice in report["warnings"])
    assert small.code == 5
    assert "liquidity allows" in small.err


def test_without_a_volume_there_is_no_cap(cli: Cli, tmp_path: Path) -> None:
    """Candle files without volumes cannot cap: refused by name."""
    from marketing import closes

    rows = ["date," + ",".join(BASES)]
    for day, prices in enumerate(zip(*(closes()[base] for base in BASES), strict=True)):
        rows.append(f"{1_782_000_000_000 + day * 86_400_000}," + ",".join(repr(float(p)) for p in prices))
    rows[0] = rows[0].replace("date", "timestamp")
    rows = [
        rows[0],
        *(f"{int(r.split(',')[0]) // 86_400_000 * 86_400_000}," + r.split(",", 1)[1] for r in rows[1:]),
    ]
    (tmp_path / "closes.csv").write_text("\n".join(rows) + "\n")
    sectors(tmp_path, {})
    asked = ("--candles", "closes.csv", "--as-of", "2026-10-19T00:00:00Z")
    ran = cli("solve", "--sector", "l1", *asked, "--liquidity-cap")
    assert ran.code == 3, ran.err
    assert "AVAX, ETH, SOL lack" in ran.err
