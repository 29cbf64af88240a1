"""The same coin on another exchange: when it is that coin, what holding it there means, and what an outage does."""

import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import Cli
from fake_exchange.faults import Fault
from marketing import answer, closes, named, sectors, serve
from standing import LIVE, both, gone, history, warned, with_gone


def test_the_same_coin_elsewhere_is_a_candidate_once_it_is_known_to_be_that_coin(
    cli: Cli, tmp_path: Path
) -> None:
    """Bybit's GONE has the file's prices: ratio 1, R² 1, and it leaves nothing untracked."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        report = answer(
            cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "bybit"
        )
    row = report["data"]["candidates"][0]
    assert (row["candidate"], row["kind"], row["venue"], row["accepted"]) == (
        "GONE on bybit",
        "venue",
        "bybit",
        True,
    )
    assert row["price_ratio"] == pytest.approx(1.0)
    assert row["r_squared"] == pytest.approx(1.0)
    assert row["variance_added"] == pytest.approx(0.0, abs=1e-12)


def test_a_leg_elsewhere_is_priced_and_pays_there_and_needs_no_margin_here(cli: Cli, tmp_path: Path) -> None:
    """`proxy: bybit`: Bybit's step of 0.1, Bybit's funding of 0.03 % in 8 h, and no margin on this account."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    asked = ("--sector", "l1", *LIVE, "--proxy-history", file, "--leverage", "2")
    with ExitStack() as stack:
        both(stack, tmp_path, path, members, funding={"GONEUSDT": "0.0003"})
        hedge = answer(cli, "hedge", *asked)
        funding = answer(cli, "funding", *asked)["data"]
        steps = answer(cli, "checklist", *asked, "--step", "liquidity", code=10)["data"]["steps"]
    leg = named(hedge["data"]["basket"]["legs"], "GONE")
    assert (leg["venue"], leg["kind"]) == ("bybit", "future")
    assert leg["price"] == pytest.approx(path[-1])
    assert leg["contracts"] == pytest.approx(round(leg["contracts"], 1))
    assert "GONE" not in {row["base"] for row in hedge["data"]["margin"]["legs"]}
    gross = sum(abs(x["notional"]) for x in hedge["data"]["basket"]["legs"] if x["base"] != "GONE")
    gross += abs(hedge["data"]["hedge"]["notional"])
    assert hedge["data"]["account_leverage"] == pytest.approx(gross / 50_000)
    paid = named(funding["rows"], "GONE")
    assert paid["rate"] == pytest.approx(0.0003)
    assert paid["cash_current"] == pytest.approx(-paid["notional"] * 0.0003 * 3 * 7)
    assert "GONE is held on bybit, R² 1.00" in steps[0]["summary"]
    assert "`GONE on bybit` is held in the place of `GONE`" in warned(hedge, "proxy")[0]


def test_another_coin_of_the_same_name_never_stands_in(cli: Cli, tmp_path: Path) -> None:
    """Bybit's GONE costs 110 times as much: it is another coin, however well it would be regressed."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    with ExitStack() as stack:
        both(stack, tmp_path, path * 110, members)
        asked = ("--sector", "l1", *LIVE, "--proxy-history", file)
        row = answer(cli, "proxies", *asked, "--proxy-venues", "bybit")["data"]["candidates"][0]
        refused = cli("solve", *asked, "--timeout", "60")
    assert row["accepted"] is False
    assert "another coin: price ratio 110" in row["refused"]
    assert refused.code == 3
    assert "its proxy `bybit` did not step in" in refused.err


def test_without_a_witness_nobody_knows_whether_it_is_that_coin(cli: Cli, tmp_path: Path) -> None:
    """Only Bybit has prices of GONE: there is nothing to hold them against, so it is refused."""
    with ExitStack() as stack:
        both(stack, tmp_path, gone(), "ETH, SOL, AVAX, GONE")
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-venues", "bybit")
    row = report["data"]["candidates"][0]
    assert (row["history"], row["history_source"]) == ("venue", "bybit")
    assert row["venue"] == "bybit"
    assert "no other recent price to hold it against" in row["refused"]
    sol = next(x for x in report["data"]["candidates"] if x["candidate"] == "SOL")
    assert sol["accepted"] is True


def test_two_other_exchanges_witness_for_each_other(cli: Cli, tmp_path: Path) -> None:
    """Bybit and MEXC agree on GONE's price: each is held against the other."""
    path = gone()
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [stack.enter_context(serve(venue, with_gone(path))) for venue in ("bybit", "mexc")]
        options = {**here.options, **there[0].options, **there[1].options}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-venues", "bybit,mexc")
        rows = answer(cli, *asked)["data"]["candidates"]
    assert {row["venue"] for row in rows if row["kind"] == "venue" and row["accepted"]} == {"bybit", "mexc"}


def test_an_exchange_that_fails_is_named_and_the_others_are_still_asked(cli: Cli, tmp_path: Path) -> None:
    """MEXC is not there at all: it is told, and Bybit is a candidate."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        text = (tmp_path / "sectors.yaml").read_text()
        dead = '"mexc": {"urls": {"api": {"contract": {"public": "http://127.0.0.1:9/api/v1"}}}}'
        (tmp_path / "sectors.yaml").write_text(
            text.replace("exchange_options: {", f"exchange_options: {{{dead}, ")
        )
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "mexc,bybit")
        report = answer(cli, *asked)
    assert report["data"]["candidates"][0]["venue"] == "bybit"
    assert "mexc" in warned(report, "not-elsewhere")[0]


DOWN = {
    "bad_response": Fault("status", value=503),
    "rate_limited": Fault("status", value=429),
    "timeout": Fault("hang"),
    "geo_blocked": Fault("status", value=451),
    "bars_bad_response": Fault("status", endpoint="/kline", value=503),
}


def without_bybit(
    stack: ExitStack, folder: Path, fault: Fault, members: str = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
) -> None:
    """Binance without GONE, whose stand-in is to be found on a Bybit that does not answer."""
    here = stack.enter_context(serve("binanceusdm"))
    there = stack.enter_context(serve("bybit", with_gone(closes()["SOL"]), (replace(fault),)))
    sectors(folder, {**here.options, **there.options}, members=members)


@pytest.mark.parametrize("reason", DOWN)
def test_a_stand_in_on_an_exchange_that_does_not_answer_is_a_network_failure(
    reason: str, cli: Cli, tmp_path: Path
) -> None:
    """`proxy: bybit` and Bybit is down: exit 4 as where it is asked itself, and worth another try but for a block."""
    with ExitStack() as stack:
        without_bybit(stack, tmp_path, DOWN[reason])
        file = history(tmp_path, gone())
        asked = ("--sector", "l1", "--proxy-history", file, "--timeout", "6", "-O", "json")
        ran = cli("solve", *asked, *LIVE)
        itself = cli("solve", *asked, "--exchange", "bybit", "--proxies", "none")
    error, own = json.loads(ran.out)["error"], json.loads(itself.out)["error"]
    assert (ran.code, itself.code) == (4, 4)
    assert error["kind"] == reason.removeprefix("bars_")
    assert error["retryable"] is own["retryable"] is (reason != "geo_blocked")
    assert error["message"].startswith("`bybit` (asked for `GONE`) ")


def test_an_outage_is_told_where_the_answer_goes_on_without_the_member(cli: Cli, tmp_path: Path) -> None:
    """`--allow-missing` leaves GONE out with Bybit named; the checklist tells it in step 3."""
    with ExitStack() as stack:
        without_bybit(stack, tmp_path, DOWN["bad_response"])
        asked = ("--sector", "l1", *LIVE, "--proxy-history", history(tmp_path, gone()))
        solved = answer(cli, "solve", *asked, "--allow-missing")
        steps = answer(cli, "checklist", *asked, "--step", "liquidity", code=10)["data"]["steps"]
    (notice,) = warned(solved, "proxy-refused")
    assert "`bybit`" in notice
    assert "503" in notice
    assert "nothing stands in for GONE, without a contract: `bybit`" in steps[0]["summary"]
    assert "try again" in steps[0]["next_step"]


def test_an_outage_that_changes_nothing_is_no_network_failure(cli: Cli, tmp_path: Path) -> None:
    """GONE moves against SOL, which the file names: whether Bybit answers does not matter to it."""
    with ExitStack() as stack:
        members = "AVAX, SOL, {base: ETH, proxy: bybit}, {base: GONE, proxy: SOL}"
        without_bybit(stack, tmp_path, DOWN["bad_response"], members)
        file = history(tmp_path, gone(0.001, (0.0, -0.8, 0.0)))
        ran = cli("solve", "--sector", "l1", *LIVE, "--proxy-history", file, "--timeout", "60")
    assert ran.code == 3
    assert "a part of it would be short" in ran.err


def test_real_exchanges_do_not_stand_in_for_simulated_ones(cli: Cli) -> None:
    """Simulated and real prices never mix in one basket."""
    ran = cli(
        "solve", "--sector", "l1", "--exchange", "sample", "--proxies", "auto", "--proxy-venues", "bybit"
    )
    assert ran.code == 2
    assert "cannot hold what `sample` lacks" in ran.err


def test_by_default_every_other_exchange_is_asked_about_a_member_without_a_contract(
    cli: Cli, tmp_path: Path
) -> None:
    """`betacli proxies` alone: Bybit has GONE, the three others do not, and each is told; nothing is asked otherwise."""
    path = gone()
    file = history(tmp_path, path)
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [stack.enter_context(serve("bybit", with_gone(path)))]
        there += [stack.enter_context(serve(venue)) for venue in ("bingx", "weex", "mexc")]
        options = {key: value for fake in (here, *there) for key, value in fake.options.items()}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-history", file)
        asked = [len(fake.requests) for fake in there]
        answer(cli, "proxies", "--sector", "l1", "--only", "ETH,SOL", *LIVE)
        after = [len(fake.requests) for fake in there]
    assert report["data"]["candidates"][0]["venue"] == "bybit"
    (said,) = warned(report, "not-elsewhere")
    assert all(venue in said for venue in ("bingx", "weex", "mexc"))
    assert all(asked)
    assert after == asked


def test_exchanges_that_disagree_are_no_history(cli: Cli, tmp_path: Path) -> None:
    """Bybit and MEXC list two coins as GONE, and nothing else tells which: there is no candidate, in either order."""
    with ExitStack() as stack:
        here = stack.enter_context(serve("binanceusdm"))
        there = [
            stack.enter_context(serve("bybit", with_gone(gone()))),
            stack.enter_context(serve("mexc", with_gone(gone() * 50))),
        ]
        options = {**here.options, **there[0].options, **there[1].options}
        sectors(tmp_path, options, members="ETH, SOL, AVAX, GONE")
        for order in ("bybit,mexc", "mexc,bybit"):
            report = answer(cli, "proxies", "--sector", "l1", *LIVE, "--proxy-venues", order)
            assert report["data"]["candidates"] == []
            assert "list different coins under its name" in warned(report, "no-history")[0]


def test_a_witness_that_ended_long_ago_vouches_for_nothing(cli: Cli, tmp_path: Path) -> None:
    """The file ends 50 days ago: no price in common is recent, so nobody knows whether Bybit's GONE is that coin now."""
    path = gone()
    file = history(tmp_path, path[:-50])
    with ExitStack() as stack:
        both(stack, tmp_path, path, "ETH, SOL, AVAX, GONE")
        asked = ("proxies", "--sector", "l1", *LIVE, "--proxy-history", file, "--proxy-venues", "bybit")
        row = next(x for x in answer(cli, *asked)["data"]["candidates"] if x["kind"] == "venue")
    assert (row["accepted"], row["price_ratio"]) == (False, None)
    assert "no other recent price" in row["refused"]


def test_what_is_held_of_a_coin_elsewhere_is_of_that_account(cli: Cli, tmp_path: Path) -> None:
    """GONE is planned on Bybit and held there already: the trade starts from it, and no margin of this account is taken."""
    path = gone()
    file = history(tmp_path, path)
    members = "ETH, SOL, AVAX, {base: GONE, proxy: bybit}"
    (tmp_path / "p.csv").write_text("base,kind,amount\nGONE,future,300\n")
    with ExitStack() as stack:
        both(stack, tmp_path, path, members)
        asked = (
            "hedge",
            "--sector",
            "l1",
            *LIVE,
            "--proxy-history",
            file,
            "--leverage",
            "2",
            "--positions",
            "p.csv",
        )
        data = answer(cli, *asked)["data"]
        alone = answer(cli, *asked[:-2])["data"]
    trade = named(data["today"]["trades"], "GONE", "basket")
    assert trade["held_amount"] == pytest.approx(300)
    assert data["account_leverage"] == pytest.approx(alone["account_leverage"])
    assert "GONE" not in {row["base"] for row in data["margin"]["legs"]}
