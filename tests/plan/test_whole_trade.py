"""Costs and risks are of the whole trade: a dated hedge, a contract that ends, a market that went quiet, a frozen index."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from conftest import NOW_MS, Cli
from fake_exchange.market import DAY_MS, FakeMarket, Instrument, bars
from marketing import BASES, BOOK, FIRST_MS, N_DAYS, a_market, answer, closes, named, sectors, serve

ORDER = ("--sector", "l1", "--notional", "6006", "--exchange", "binanceusdm")
WINDOW = 90
FUTURE = "BTC-2026-11-22"


def with_future(noise: float = 0.008, **changes: object) -> tuple[FakeMarket, np.ndarray]:
    """The market with a BTC future of 25 days, which strays from the perpetual by noise of its own; and its closes."""
    market = a_market(**changes)
    own = closes()["BTC"] * np.exp(np.random.default_rng(7).normal(0, noise, N_DAYS))
    market.instruments.append(
        Instrument(
            base="BTC",
            contract_type="CURRENT_QUARTER",
            delivery_ms=NOW_MS + 25 * DAY_MS,
            suffix="_261122",
            contract_size="1",
        )
    )
    market.bars["BTCUSDT_261122"] = bars(FIRST_MS, own, DAY_MS)
    return market, own


def changed(what: str, **values: object) -> list[Instrument]:
    """The contracts of the market, one of them with other terms."""
    return [
        Instrument(base=base, contract_size="1", step="0.001", **(values if base == what else {}))
        for base in BASES
    ]


# --- a dated hedge ----------------------------------------------------------------------------------------------


def test_a_dated_hedge_pays_fees_and_is_walked_through_its_own_book(cli: Cli, tmp_path: Path) -> None:
    """Fees are 2 x 5 bps of basket and hedge together; the liquidity table has the future's row with its own ADV."""
    market, own = with_future()
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options)
        funding = answer(cli, "funding", *ORDER, "--hedge-with", FUTURE, "--fee-bps", "5")["data"]
        liquidity = answer(cli, "liquidity", *ORDER, "--hedge-with", FUTURE)["data"]["names"]
        hedge = answer(cli, "hedge", *ORDER, "--hedge-with", FUTURE)["data"]
    gross = 6006 + abs(hedge["hedge"]["notional"])
    assert funding["carry"]["fees"] == pytest.approx(-2 * 0.0005 * gross)
    row = named(liquidity, "BTC", "hedge")
    assert (row["contract"], row["symbol"]) == ("dated", "BTC/USDT:USDT-261122")
    assert row["order"] == pytest.approx(hedge["hedge"]["notional"])
    assert row["ends_in_days"] == pytest.approx(25)
    quoted = 1_000 * (np.concatenate([own[:1], own[:-1]]) + own) / 2  # 1,000 coins a bar, at its mean price
    assert row["adv_7d"] == pytest.approx(quoted[-7:].mean())
    paid = funding["carry"]["entry"]
    costs = {
        x["symbol"]: x["buy_cost_bps"] + x["sell_cost_bps"]
        for x in liquidity
        if x["buy_cost_bps"] is not None
    }
    assert paid is None or paid == pytest.approx(
        -sum(abs(x["order"]) * costs[x["symbol"]] for x in liquidity) / 1e4
    )


def test_the_basis_risk_of_a_dated_hedge_is_of_its_own_closes(cli: Cli, tmp_path: Path) -> None:
    """By hand: the legs' contracts and indices move as one (the fake's index is a fixed part), the future strays."""
    market, own = with_future()
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options)
        basis = answer(cli, "basis", *ORDER, "--hedge-with", FUTURE)["data"]
        hedge = answer(cli, "hedge", *ORDER, "--hedge-with", FUTURE)["data"]
    returns = own[1:] / own[:-1] - closes()["BTC"][1:] / closes()["BTC"][:-1]
    expected = returns[-WINDOW:].std(ddof=1) * np.sqrt(365) * abs(hedge["hedge"]["notional"]) / 6006
    assert basis["risk_annual"] == pytest.approx(expected, rel=1e-6)
    assert hedge["trade_risk"]["basis_risk_annual"] == pytest.approx(expected, rel=1e-6)
    row = named(basis["rows"], "BTC", "hedge")
    assert (row["symbol"], row["mean_annual"]) == ("BTC/USDT:USDT-261122", None)
    assert row["risk_annual"] == pytest.approx(returns[-WINDOW:].std(ddof=1) * np.sqrt(365), rel=1e-6)


def test_the_fee_asked_for_is_that_of_a_roll_too(cli: Cli) -> None:
    """Two fills of 2 bps are 4; those of the makers 2 x 2 bps of the simulated market; without either 2 x 5."""
    asked = ("basis", "--sector", "l1", "--exchange", "sample")

    def fees(*how: str) -> float:
        return next(
            r["roll_fee_bps"] for r in answer(cli, *asked, *how)["data"]["dated"] if r["roll_fee_bps"]
        )

    assert (fees(), fees("--fee-bps", "2"), fees("--fees", "maker")) == (
        pytest.approx(10),
        pytest.approx(4),
        pytest.approx(4),
    )


def test_dated_futures_of_a_coin_held_as_spot_keep_their_index(cli: Cli) -> None:
    """The future tells the index itself: its carry is the same whether the coin is held as spot or not."""
    asked = ("basis", "--sector", "l1", "--target", "1.4", "--exchange", "sample")
    plain, spot = (answer(cli, *asked, *how)["data"]["dated"] for how in ((), ("--spot", "ETH")))
    assert named(spot, "ETH")["annual"] == pytest.approx(named(plain, "ETH")["annual"])
    assert named(spot, "ETH")["annual"] is not None


# --- a hedge with another perpetual ----------------------------------------------------------------------------


def test_a_hedge_outside_the_basket_pays_its_own_funding(cli: Cli, tmp_path: Path) -> None:
    """The basket of SOL and AVAX hedged with ETH's perpetual: 0.02 % every 4 h on the short are received."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options, members="SOL, AVAX")
        hedge = answer(cli, "hedge", *ORDER, "--hedge-with", "ETH")["data"]
        funding = answer(cli, "funding", *ORDER, "--hedge-with", "ETH")["data"]
    size = abs(hedge["hedge"]["notional"])
    assert hedge["funding"]["hedge_per_day"] == pytest.approx(size * 0.0002 * 6)
    assert named(funding["rows"], "ETH", "hedge")["cash_current"] == pytest.approx(size * 0.0002 * 42)
    assert hedge["trade_risk"]["funding"] == pytest.approx(funding["current"]["net"])


# --- contracts that end, and markets that went quiet ------------------------------------------------------------


def test_a_contract_that_ends_before_the_next_rebalance_fails_the_checklist(cli: Cli, tmp_path: Path) -> None:
    """SOL is delisted in 5 days and the basket is held for 7: step 3 fails and says so; in 20 days it warns."""
    found = {}
    for days in (5, 20):
        ends = changed("SOL", delivery_ms=NOW_MS + days * DAY_MS)
        with serve("binanceusdm", a_market(instruments=ends)) as fake:
            sectors(tmp_path, fake.options)
            asked = ("checklist", "--sector", "l1", "--notional", "50", "--exchange", "binanceusdm")
            ran = cli(*asked, "--step", "liquidity", "--timeout", "60", "-O", "json")
            (found[days],) = json.loads(ran.out)["data"]["steps"]
    assert "contracts that end: SOL in 5.0 days" in found[5]["summary"]
    assert (found[5]["status"], found[5]["facts"]["ends_in_days"]["SOL"]) == ("fail", pytest.approx(5.0))
    assert "SOL in 20.0 days" in found[20]["summary"]


def test_the_hedge_is_judged_with_the_legs(cli: Cli, tmp_path: Path) -> None:
    """6 % of a day's volume in the BTC short alone fails step 3, though no leg is above 2 %."""
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        asked = ("--sector", "l1", "--notional", "4000", "--exchange", "binanceusdm")
        (step,) = answer(cli, "checklist", *asked, "--step", "3", code=10)["data"]["steps"]
        btc = named(answer(cli, "liquidity", *asked)["data"]["names"], "BTC", "hedge")
    assert step["facts"]["participation"]["BTC (hedge)"] == pytest.approx(btc["participation"])
    assert btc["participation"] > 0.05
    assert "(BTC (hedge))" in step["summary"]


def quiet(days: int) -> FakeMarket:
    """The market in which ETH has not traded for the last so many days."""
    market = a_market()
    kept = market.bars["ETHUSDT"]
    still = np.arange(N_DAYS) >= N_DAYS - days
    market.bars["ETHUSDT"] = type(kept)(
        *(
            np.where(still, 0.0, getattr(kept, n)) if "volume" in n else getattr(kept, n)
            for n in kept.__dataclass_fields__
        )
    )
    return market


def test_a_market_that_stopped_trading_is_the_worst_there_is(cli: Cli, tmp_path: Path) -> None:
    """8 days without a trade: the average of 30 days is not what an exit can count on, and the grade is D."""
    with serve("binanceusdm", quiet(8)) as fake:
        sectors(tmp_path, fake.options)
        asked = ("--sector", "l1", "--notional", "60", "--exchange", "binanceusdm")
        row = named(answer(cli, "liquidity", *asked)["data"]["names"], "ETH")
        (step,) = answer(cli, "checklist", *asked, "--step", "liquidity", code=10)["data"]["steps"]
    assert (row["adv_7d"], row["grade"], row["grade_by"]) == (0.0, "D", "participation")
    assert row["adv_30d"] > 0
    assert row["participation"] is None
    assert row["unknown"]["participation"] == "nothing was traded"
    assert row["max_notional"] == 0
    assert "grade D: ETH by participation" in step["summary"]


# --- venues -----------------------------------------------------------------------------------------------------


def venues(cli: Cli, folder: Path, *argv: str, **there: object) -> tuple[dict, dict]:
    """Return the rows of Binance as it is and of Bybit with changes."""
    with ExitStack() as stack:
        fakes = [
            stack.enter_context(serve("binanceusdm")),
            stack.enter_context(serve("bybit", a_market(**there))),
        ]
        sectors(folder, {**fakes[0].options, **fakes[1].options})
        asked = ("venues", "--sector", "l1", "--notional", "600", "--venues", "binanceusdm,bybit")
        rows = answer(cli, *asked, *argv)["data"]["venues"]
    return tuple(next(row for row in rows if row["venue"] == name) for name in ("binanceusdm", "bybit"))  # type: ignore[return-value]


def test_an_exchange_on_which_nothing_can_be_bought_has_no_rank(cli: Cli, tmp_path: Path) -> None:
    """A smallest order of 5,000 for legs of 200: no rank and no cost, and the reason names them."""
    large = [Instrument(base=b, contract_size="1", min_notional="5000", min_amount="100") for b in BASES]
    here, there = venues(cli, tmp_path, instruments=large)
    assert here["rank"] == 1
    assert (there["rank"], there["cost_bps"]) == (None, None)
    assert there["too_small"][:3] == ["AVAX", "ETH", "SOL"]
    assert "less than a contract there" in "; ".join(there["reasons"])


def test_an_exchange_whose_contract_ends_within_the_horizon_has_no_rank(cli: Cli, tmp_path: Path) -> None:
    """SOL is delisted on Binance in 5 days; the basket is held for 7, or for 3."""
    ends = changed("SOL", delivery_ms=NOW_MS + 5 * DAY_MS)
    with serve("binanceusdm", a_market(instruments=ends)) as fake:
        sectors(tmp_path, fake.options)
        asked = ("venues", "--sector", "l1", "--notional", "600", "--venues", "binanceusdm", "--horizon")
        week, days = (answer(cli, *asked, horizon)["data"]["venues"][0] for horizon in ("7d", "3d"))
    assert (week["rank"], week["cost_bps"], week["ending"]) == (None, None, ["SOL in 5.0 days"])
    assert "ends within the horizon" in "; ".join(week["reasons"])
    assert (days["rank"], days["ending"]) == (1, [])


def test_the_worst_of_some_is_not_the_worst_of_all(cli: Cli, tmp_path: Path) -> None:
    """ETH's book has no asks: nobody knows the weakest depth and the widest spread there."""
    _, there = venues(cli, tmp_path, books={"ETHUSDT": (BOOK[0], [])})
    assert (there["depth_25_bps"], there["spread_bps"], there["cost_bps"]) == (None, None, None)
    assert "ETH" in there["unknown"]["order-book"]


# --- index and payments that cannot be trusted ------------------------------------------------------------------


def strayed(change: Callable[[list[list[object]]], list[list[object]]], monkeypatch, symbol: str) -> None:
    """Let the fake serve other index bars of one symbol."""
    kept = FakeMarket.rows

    def rows(self: FakeMarket, asked: str, timeframe_ms: int, **how: object) -> list[list[object]]:
        found = kept(self, asked, timeframe_ms, **how)
        return change(found) if how.get("index") and asked == symbol else found

    monkeypatch.setattr(FakeMarket, "rows", rows)


def test_an_index_that_stands_still_is_no_index(cli: Cli, tmp_path: Path, monkeypatch) -> None:
    """ETH's index is 90 on every day of the window: its basis is unknown with the reason, and so is the whole's."""
    strayed(
        lambda rows: [[row[0], "90.0", "90.0", "90.0", "90.0", *row[5:]] for row in rows],
        monkeypatch,
        "ETHUSDT",
    )
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        data = answer(cli, "basis", *ORDER)["data"]
    eth = named(data["rows"], "ETH")
    assert (eth["mean_bps"], eth["risk_annual"], data["risk_annual"]) == (None, None, None)
    assert "stood still for 91 bars" in eth["unknown"]["basis-history"]
    assert named(data["rows"], "SOL")["mean_bps"] is not None


def test_a_basis_risk_that_rests_on_few_returns_says_so(cli: Cli, tmp_path: Path, monkeypatch) -> None:
    """Only the last 30 days of ETH's index are told: 29 common returns of 90, with a warning."""
    since = NOW_MS - 30 * DAY_MS
    strayed(lambda rows: [row for row in rows if int(str(row[0])) >= since], monkeypatch, "ETHUSDT")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, "basis", *ORDER)
    (said,) = [x for x in report["warnings"] if x["id"] == "basis-short"]
    assert said["severity"] == "warning"
    assert "of the window's 90 returns" in said["detail"]
    assert report["data"]["risk_annual"] is not None


def test_a_payment_due_at_the_moment_of_the_answer_is_not_missing(cli: Cli) -> None:
    """At midnight, 4 and 8 o'clock a payment is due; nothing of the simulated market is missing then."""
    for time in ("2026-10-20T00:00:00Z", "2026-10-20T04:00:00Z", "2026-10-20T08:00:00Z"):
        report = answer(cli, "funding", "--sector", "l1", "--exchange", "sample", "--as-of", time)
        assert {row["missing"] for row in report["data"]["rows"]} == {0}
        assert report["status"] == "ok"


def test_payments_of_a_part_of_the_window_are_told(cli: Cli, tmp_path: Path) -> None:
    """12 payments of 4 h are two days of ninety: the average is of those, and a warning says since when."""
    paid = [(NOW_MS // (4 * 3_600_000) * 4 * 3_600_000 - 4 * 3_600_000 * n, "0.0005") for n in range(12)][
        ::-1
    ]
    with serve("binanceusdm", a_market(payments={"ETHUSDT": paid})) as fake:
        sectors(tmp_path, fake.options)
        report = answer(cli, "funding", *ORDER)
    (said,) = [x for x in report["warnings"] if x["id"] == "funding-short"]
    assert "ETH since 2026-10-26" in said["detail"]


def test_the_checklist_of_the_past_knows_the_basis(cli: Cli, tmp_path: Path) -> None:
    """Index bars are past data: under --as-of the basis risk is what `basis` says, and funding is left to judge."""
    asked = (*ORDER, "--as-of", "2026-10-20T00:00:00Z")
    with serve("binanceusdm") as fake:
        sectors(tmp_path, fake.options)
        basis = answer(cli, "basis", *asked)["data"]["risk_annual"]
        ran = cli("checklist", *asked, "--step", "hedge", "--timeout", "60", "-O", "json")
    (step,) = json.loads(ran.out)["data"]["steps"]
    assert step["facts"]["basis_risk"] == pytest.approx(basis)
    assert "funding unknown" in step["summary"]


# --- what a dated hedge brings ----------------------------------------------------------------------------------


def test_a_dated_hedge_nears_the_index(cli: Cli, tmp_path: Path) -> None:
    """A future at 101 over an index of 100 in 25 days, short: in 7 days it gains Q x 1/101 x 7/25, beside no funding."""
    market, _ = with_future(
        marks={"BTCUSDT": "100", "BTCUSDT_261122": "101"}, indices={"BTCUSDT": "100", "BTCUSDT_261122": "100"}
    )
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options)
        hedge = answer(cli, "hedge", *ORDER, "--hedge-with", FUTURE)["data"]["hedge"]
        report = answer(cli, "funding", *ORDER, "--hedge-with", FUTURE, "--fee-bps", "5")
        late = answer(cli, "funding", *ORDER, "--hedge-with", FUTURE, "--horizon", "60d")
    carry = report["data"]["carry"]
    assert hedge["parts"][0]["dated"]["basis"] == pytest.approx(0.01)
    gain = -hedge["notional"] * 0.01 / 1.01
    assert carry["convergence"] == pytest.approx(gain * 7 / 25)
    assert carry["net"] == pytest.approx(
        carry["funding"] + carry["convergence"] + carry["fees"] + (carry["entry"] or 0.0)
    )
    assert late["data"]["carry"]["convergence"] == pytest.approx(gain)
    (said,) = [x["detail"] for x in late["warnings"] if x["id"] == "hedge-expires"]
    assert "expires in 25.0 days, before the horizon of 60" in said
    assert not [x for x in report["warnings"] if x["id"] == "hedge-expires"]


@pytest.mark.parametrize(("days", "said"), [(30, True), (20, False)])
def test_a_hedge_that_expires_before_the_next_rebalance_says_so(
    cli: Cli, tmp_path: Path, days: int, said: bool
) -> None:
    """A future of 25 days, rebalanced every 30 days or every 20: `hedge` itself tells that it ends first."""
    market, _ = with_future()
    with serve("binanceusdm", market) as fake:
        sectors(tmp_path, fake.options, extra=f"checklist: {{rebalance_days: {days}}}\n")
        report = answer(cli, "hedge", *ORDER, "--hedge-with", FUTURE)
    told = [x["detail"] for x in report["warnings"] if x["id"] == "hedge-expires"]
    assert [f"expires in 25.0 days, before the horizon of {days}" in detail for detail in told] == [
        True
    ] * said


def test_a_dated_hedge_that_ends_before_the_next_rebalance_is_told_in_the_checklist(
    cli: Cli, tmp_path: Path
) -> None:
    """25 days left and a rebalance every 30: step 3 names it; every 7 it does not."""
    market, _ = with_future()
    found = {}
    for days in (7, 30):
        with serve("binanceusdm", market) as fake:
            sectors(tmp_path, fake.options, extra=f"checklist: {{rebalance_days: {days}}}\n")
            asked = ("checklist", "--sector", "l1", "--notional", "50", "--exchange", "binanceusdm")
            ran = cli(*asked, "--hedge-with", FUTURE, "--step", "liquidity", "--timeout", "60", "-O", "json")
            (found[days],) = json.loads(ran.out)["data"]["steps"]
    assert "contracts that end: BTC (hedge) in 25.0 days" in found[30]["summary"]
    assert "contracts that end" not in found[7]["summary"]
