"""`--explain`: every line can be checked with a pocket calculator, and its numbers are the answer's."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

from conftest import Cli

HEDGE = ("hedge", "--sector", "l1", "--exchange", "sample", "--leverage", "5")
CASES = {
    "two assets": (*HEDGE, "--only", "ETH,SOL", "--target", "1.4"),
    "ten assets": (*HEDGE, "--target", "1.4"),
    "least squares": (*HEDGE, "--target", "1.4", "--estimator", "ols-90d"),
    "aged": (*HEDGE, "--target", "1.4", "--estimator", "ewma-60d"),
    "fixed shrinking": (*HEDGE, "--estimator", "blume-90d"),
    "a filter": (*HEDGE, "--estimator", "kalman-180d"),
    "some exposure kept": (*HEDGE, "--target", "1.4", "--hedge-to", "0.3"),
    "one by hand": (*HEDGE, "--target", "1.4", "--beta", "ETH=1.25"),
    "no target, no equity": ("hedge", "--sector", "gaming", "--exchange", "sample"),
    "shorts": (*HEDGE, "--target", "0.8", "--allow-short"),
}
BY_HAND = (
    "--only",
    "ETH,SOL",
    "--beta",
    "ETH=1.25",
    "--beta",
    "SOL=1.60",
    "--target",
    "1.4",
    "--notional",
    "100000",
)
NUMBER = r"[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
SUM = re.compile(rf"[-+(\d][-+()\dx/.,e %]*(?: ± {NUMBER} x {NUMBER})?")
WANTED = re.compile(rf"({NUMBER}) / ({NUMBER}) = ({NUMBER}) (?:units of ({NUMBER}) )?(\S+)")
HELD = re.compile(
    rf"({NUMBER}) (?:contracts|units)((?: x {NUMBER})*) = ({NUMBER}) (\w+)(?: at ({NUMBER})(?: per ({NUMBER}) \w+)?)?, worth ({NUMBER})"
)


def lines(cli: Cli, *argv: str) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """Return the answer, and each line of its explanation with its title."""
    ran = cli(*argv, "--explain", "-O", "json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    return report["data"], [(step["title"], line) for step in report["explanation"] for line in step["lines"]]


def value(text: str) -> tuple[float, float] | None:
    """Return what a sum comes to, and how far rounding of the numbers written may take it; None where it is none."""
    text = text.strip()
    if not re.fullmatch(r"[-+()\dx/.,e %]+", text) or not re.search(r"\d", text):
        return None
    plain = re.sub(r"(?<=\d),(?=\d)", "", text).replace(" %", "/100").replace(" x ", " * ")
    if not re.fullmatch(r"[-+()\d*/.e ]+", plain):
        return None
    result = float(eval(plain))  # noqa: S307  digits and signs alone
    slack = 0.0
    for found in re.finditer(r"\d+(?:\.(\d+))?(?:e([+-]\d+))?", plain):
        nudge = 0.5 * 10.0 ** (int(found[2] or 0) - len(found[1] or "")) if "." in found[0] else 0.0
        if nudge:
            nudged = f"{plain[: found.start()]}({found[0]}+{nudge!r}){plain[found.end() :]}"
            slack += abs(float(eval(nudged)) - result)  # noqa: S307
    return result, slack


def checked(line: str) -> int:
    """Hold every `a = b` of a line against arithmetic; return how many there were."""
    told = line.rsplit(": ", 1)[-1] if ": " in line else line
    count = 0
    for part in told.split(";"):
        ends = [end.split(" -> ")[0] if k else end for k, end in enumerate(part.split(" = "))]
        for left, after in pairwise(ends):
            right = re.split(r" (?!x )(?=[A-Za-z±])|, | to ", after.strip())[0].removesuffix("x")
            found, expected = value(left), value(right)
            if found is None or expected is None or re.fullmatch(NUMBER, left.strip()):
                continue
            assert abs(found[0] - expected[0]) <= found[1] + expected[1] + 1e-9, line
            count += 1
    interval = re.search(rf"(\S+|\([^)]*\)) ± ({NUMBER}) x ({NUMBER}) = ({NUMBER}) to ({NUMBER})", told)
    if interval:
        middle, t, error, low, high = (value(text) for text in interval.groups())
        assert middle
        assert t
        assert error
        assert low
        assert high
        assert low[0] == pytest.approx(middle[0] - t[0] * error[0], abs=6e-5)
        assert high[0] == pytest.approx(middle[0] + t[0] * error[0], abs=6e-5)
        count += 1
    return count + checked_units(told)


def number(text: str | None) -> float:
    return float((text or "1").replace(",", ""))


def checked_units(told: str) -> int:
    """Hold coins against contracts, price and worth: what is wanted and what is held are of the same coin and unit."""
    held, wanted = HELD.search(told), WANTED.search(told)
    if held is None:
        return 0
    contracts, times, coins, base, price, per, worth = held.groups()
    sizes = [number(size) for size in re.findall(NUMBER, times)]
    assert number(coins) == pytest.approx(number(contracts) * math.prod(sizes), rel=1e-12), told
    if wanted:
        _, price, units, per, wanted_base = wanted.groups()
        assert base == wanted_base, told
        assert number(coins) == pytest.approx(number(units) * number(per), rel=0.02), told
    assert number(coins) / number(per) * number(price) == pytest.approx(number(worth), abs=0.00501), told
    return 2


@pytest.mark.parametrize("case", CASES)
def test_every_sum_comes_to_what_it_says(case: str, cli: Cli) -> None:
    """Each `a = b` is worked out again from the text alone; rounding of the numbers written is the only slack."""
    _, told = lines(cli, *CASES[case])
    counts = [checked(line) for _, line in told]
    assert sum(counts) >= 15, told


def test_coins_by_the_thousand(cli: Cli, tmp_path: Path) -> None:
    """`1000PEPE` is priced by the thousand: units and coins are told apart, and the line comes to what it is worth."""
    (tmp_path / "sectors.yaml").write_text("sectors: {meme: {members: [PEPE, SOL]}}\n")
    data, told = lines(cli, "hedge", "--sector", "meme", "--exchange", "sample", "--leverage", "5")
    (line,) = (line for title, line in told if title == "Contracts" and line.startswith("PEPE"))
    (leg,) = (leg for leg in data["basket"]["legs"] if leg["base"] == "PEPE")
    assert (
        f" units of 1,000 PEPE -> {leg['contracts']:,.0f} contracts x 1,000 = {leg['amount']:,.0f} PEPE, worth "
        in line
    )
    assert leg["amount"] == leg["contracts"] * 1000
    assert sum(checked(line) for _, line in told) >= 15


def test_what_is_held_beside_the_basket_stands_in_the_sums(cli: Cli, tmp_path: Path) -> None:
    """The short also covers AVAX and DOGE held beside the basket, and a move of BTC moves them: each sum has them."""
    (tmp_path / "held.csv").write_text(
        "symbol,kind,notional\nAVAX/USDT,spot,5000\nDOGE/USDT:USDT,,-3000\nETH/USDT,spot,7000\n"
    )
    asked = (*HEDGE, "--only", "ETH,SOL", "--hedge-to", "0.2", "--positions", "held.csv")
    data, told = lines(cli, *asked)
    assert sum(checked(line) for _, line in told) >= 15
    text = "\n".join(line for _, line in told)
    outside = sum(p["beta_notional"] for p in data["today"]["positions"] if p["role"] == "outside")
    assert outside != 0
    assert f" x 100,000.00 + {outside:,.2f}) = {data['hedge']['notional']:,.2f} of BTC" in text
    assert "-10 %: basket + hedge + other positions = " in text


def test_a_sum_with_an_unknown_part_is_not_written(cli: Cli, tmp_path: Path) -> None:
    """Nobody knows XYZQ: what a move does to the account is no sum of what is known."""
    (tmp_path / "held.csv").write_text("symbol,kind,notional\nXYZQ/USDT,spot,5000\n")
    _, told = lines(cli, *HEDGE, "--only", "ETH,SOL", "--positions", "held.csv")
    (line,) = (line for _, line in told if line.startswith("-10 %: "))
    assert line.endswith("that of the other positions is unknown, and so is the account's")


def test_the_check_can_fail() -> None:
    """A wrong digit in a sum, a product, a quotient or an interval is found."""
    for line in (
        "beta = 0.500000 x 1.200000 + 0.500000 x 1.600000 = 1.4100",
        "ETH: 2.000000e-04 / 1.000000e-04 = 2.1000",
        "notional = equity x leverage = 20,000.00 x 5 = 100,001.00",
        "1.400000 ± 2.000000 x 0.100000 = 1.3000 to 1.6000",
        "PEPE: 11,250.00 / 0.01237 = 909458.37 PEPE -> 909,460 contracts = 909,460,000 PEPE, worth 11,250.02",
        "PEPE: 11,250.00 / 0.01237 = 909458.37 PEPE -> 909,460 contracts x 1,000 = 909,460,000 PEPE, worth 11,250.02",
        "BTC: planned -100.00; held -1 contracts x 0.01 = -0.01 BTC at 1000, worth -100.00",
    ):
        with pytest.raises(AssertionError):
            checked(line)


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_are_those_of_the_answer(case: str, cli: Cli) -> None:
    """Betas, weights, contracts, the hedge and the margin stand in the text as the answer has them."""
    data, told = lines(cli, *CASES[case])
    text = "\n".join(line for _, line in told)
    basket, hedge = data["basket"], data["hedge"]
    for leg in basket["legs"]:
        assert f"beta = {leg['beta']:,.4f}" in text
        assert f"-> {leg['weight'] * 100:.6f} %" in text
        assert f"worth {leg['rounded_notional']:,.2f}" in text
    assert f" = {basket['beta']:,.4f}" in text
    assert f" = {basket['rounded']['beta']:,.4f}" in text
    assert f" = {hedge['notional']:,.2f} of {hedge['base']}" in text
    assert f"{data['rounded']['aggregate_beta']:+,.4f} for what is held" in text
    if data["equity"] is not None:
        assert f" = {data['effective_beta_exposure']:,.2f}x" in text
        assert f" = {data['rounded']['account_leverage']:,.2f}x" in text
        assert f"maintenance of all futures: {data['rounded']['margin']['maintenance']:,.2f}" in text


def test_the_worked_example_on_the_board(cli: Cli) -> None:
    """4/7 ETH and 3/7 SOL by the closed form, a short of 140,000, 7x the equity before the hedge and 12x after."""
    _, told = lines(cli, "hedge", "--sector", "l1", *BY_HAND, "--leverage", "5")
    text = [line for _, line in told]
    assert "every beta was given by hand: no returns were read" in text
    assert "two assets have one answer: w = (1.4 - 1.600000) / (1.250000 - 1.600000) = 0.571429 ETH" in text
    assert "notional = -(1.400000) x 100,000.00 = -140,000.00 of BTC" in text
    assert any(line.endswith("1.400000 x 5 = 7.00x") for line in text)
    assert any(line.endswith("240,000.00 / 20,000.00 = 12.00x") for line in text)


def test_the_explanation_stands_in_every_format_that_has_room(cli: Cli) -> None:
    """Table and Markdown number the steps, CSV has rows alone, and without the flag nothing changes."""
    solve = ("solve", "--sector", "l1", "--exchange", "sample", "--target", "1.4")
    plain, table = cli(*solve).out, cli(*solve, "--explain").out
    body, _, notes = plain.rpartition("\n\n")
    assert table.startswith(body)
    assert table.endswith(notes)
    assert "\n4. Weights\n   between its bounds" in table
    assert "## 4. Weights\n\n- between its bounds" in cli(*solve, "--explain", "-O", "md").out
    assert cli(*solve, "--explain", "-O", "csv").out == cli(*solve, "-O", "csv").out
    assert "explanation" not in cli(*solve, "-O", "json").out
