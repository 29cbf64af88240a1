"""`beta` of a sector of which some members are held as spot, or by what stands in for them."""

from pathlib import Path

import pytest

from conftest import Cli
from marketing import answer
from standing import warned

VETERANS = ("--sector", "veterans", "--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z")


def veterans(folder: Path, more: str = "") -> tuple[str, ...]:
    """DOT is held as spot; ETH and ADA stand in for OLD."""
    file = folder / "veterans.yaml"
    members = "ETH, ADA, SOL, {base: DOT, hold: spot}, {base: OLD, proxy: ETH+ADA}"
    file.write_text(f"sectors: {{veterans: {{members: [{members}]}}}}\n{more}")
    return ("--config", str(file))


def test_beta_shows_the_betas_of_what_solve_holds(cli: Cli, tmp_path: Path) -> None:
    """Each beta is that of the leg, DOT's of its spot market; equal weights are a fifth each, OLD's with ETH and ADA."""
    asked = (*veterans(tmp_path), *VETERANS)
    measured, solved = answer(cli, "beta", *asked), answer(cli, "solve", *asked)
    rows = {row["base"]: (row["beta"], row["symbol"]) for row in measured["data"]["assets"]}
    assert rows == {leg["base"]: (leg["beta"], leg["symbol"]) for leg in solved["data"]["legs"]}
    assert rows["DOT"][1] == "DOT/USDT"
    (stand_in,) = solved["data"]["stand_ins"]
    of_old = dict(zip(stand_in["held"], stand_in["shares"], strict=True))
    by_hand = sum(0.2 * (1 + of_old.get(base, 0.0)) * beta for base, (beta, _) in rows.items())
    assert measured["data"]["equal_weight"]["beta"] == pytest.approx(by_hand)
    for notice in ("proxy", "spot-legs"):
        assert warned(measured, notice) == warned(solved, notice) != []


@pytest.mark.parametrize("view", ["--compare", "--rolling"])
def test_every_view_of_beta_is_of_what_is_held(view: str, cli: Cli, tmp_path: Path) -> None:
    """OLD is stood in for there too."""
    report = answer(cli, "beta", *veterans(tmp_path), *VETERANS, view)
    assert "stands for `OLD`" in warned(report, "proxy")[0]


def test_beta_takes_the_options_of_a_plan_about_placing(cli: Cli, tmp_path: Path) -> None:
    """A plan with `spot` and `proxies` means the same in `beta` as in `solve`."""
    plan = "plans: {mine: {sector: veterans, exchange: sample, spot: ADA, proxies: auto}}\n"
    asked = (*veterans(tmp_path, plan), "--plan", "mine", "--as-of", "2026-10-28T07:00:00Z")
    measured, solved = answer(cli, "beta", *asked), answer(cli, "solve", *asked)
    rows = {row["base"]: row["symbol"] for row in measured["data"]["assets"]}
    assert rows == {leg["base"]: leg["symbol"] for leg in solved["data"]["legs"]}
    assert rows["ADA"] == "ADA/USDT"


def test_beta_without_its_proxies_refuses_as_before(cli: Cli, tmp_path: Path) -> None:
    """`--proxies none` refuses OLD by name."""
    ran = cli("beta", *veterans(tmp_path), *VETERANS, "--proxies", "none")
    assert ran.code == 3
    assert "`OLD`" in ran.err


@pytest.mark.parametrize("benchmarks", [("DOT",), ("BTC", "DOT")])
def test_a_member_held_as_spot_is_no_benchmark_of_beta(
    benchmarks: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    """A benchmark is a contract; the second of several as the first."""
    asked = [word for name in benchmarks for word in ("--benchmark", name)]
    ran = cli("beta", *veterans(tmp_path), *VETERANS, *asked)
    assert ran.code == 2
    assert "`DOT` is the benchmark" in ran.err


def test_betas_by_hand_need_no_spot_market(cli: Cli, tmp_path: Path) -> None:
    """Without a source nothing is placed: the betas are shown as given."""
    given = [word for base in ("ETH", "ADA", "SOL", "DOT") for word in ("--beta", f"{base}=1.5")]
    sector = ("--sector", "veterans", "--only", "ETH,ADA,SOL,DOT")
    rows = answer(cli, "beta", *veterans(tmp_path), *sector, *given)["data"]["assets"]
    assert [row["beta"] for row in rows] == [1.5] * 4
