"""How results are put in words: what leads, in which order rows stand, and which signs numbers carry."""

import json
import re
from collections.abc import Callable

import pytest

from betacli import document as d
from betacli.core.judging import percent
from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample", "--as-of", "2026-10-28")
SOLVED = ("solve", *SAMPLE, "--target", "1.4", "--max-assets", "4")


def rows(text: str, header: str) -> list[str]:
    """Return the first words of the rows of the table with that header."""
    lines = text.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(header)) + 2
    end = next(n for n in range(start, len(lines)) if not lines[n] or lines[n].startswith("─"))
    return [" ".join(line.split()[:2]) for line in lines[start:end]]


def test_what_is_held_stands_before_what_is_not(cli: Cli) -> None:
    """Of ten members four are held: they come first, each group in its own order; the JSON keeps the sector's order."""
    shown = rows(cli(*SOLVED).out, "asset   side")
    legs = json.loads(cli(*SOLVED, "-O", "json").out)["data"]["legs"]
    held = [f"{leg['base']} {leg['side']}" for leg in legs if leg["side"] != "none"]
    assert shown == held + [f"{leg['base']} none" for leg in legs if leg["side"] == "none"]
    assert len(held) == 4
    assert [leg["base"] for leg in legs] == sorted(leg["base"] for leg in legs)


def test_the_interval_of_a_short_has_the_sign_of_its_line(cli: Cli) -> None:
    """`short: 140,000.00` lies between the two numbers under it; the JSON has them signed."""
    argv = ("hedge", *SAMPLE, "--target", "1.4", "--leverage", "5")
    text = cli(*argv).out
    low, high = re.findall(r"[\d,.]+", text.split("95 % interval:")[1].split("\n")[0])
    hedge = json.loads(cli(*argv, "-O", "json").out)["data"]["hedge"]
    assert [low, high] == [d.money(-hedge["notional_ci_high"]), d.money(-hedge["notional_ci_low"])]
    assert float(low.replace(",", "")) < 140_000 < float(high.replace(",", ""))


@pytest.mark.parametrize(
    ("leverage", "verdict"), [("3", "verdict:      pass: 8 of 8 steps"), ("50", "verdict:      FAIL: 1 of 8")]
)
def test_the_checklist_begins_with_its_verdict(cli: Cli, leverage: str, verdict: str) -> None:
    """The first fact is the verdict with its count, and a failed step is told without colour."""
    text = cli("checklist", *SAMPLE, "--target", "1.4", "--leverage", leverage).out
    assert text.split("\n")[3].startswith(verdict)
    assert ("FAIL" in text.split("what was found")[1]) == (leverage == "50")


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (d.signed_percent, 0.0004, "0.0 %"),
        (d.signed_percent, -0.0004, "0.0 %"),
        (d.signed_percent, -0.0006, "-0.1 %"),
        (d.signed_money, 0.0, "0.00"),
        (d.signed_money, 1234.5, "+1,234.50"),
        (d.signed_beta, -1e-17, "0.0000"),
        (lambda x: percent(x, sign="+"), -0.004, "0 %"),
        (lambda x: percent(x, sign="+"), 0.02, "+2 %"),
        (lambda x: percent(x, 1), 12.345, "1,234.5 %"),
    ],
)
def test_what_rounds_to_zero_has_no_sign(show: Callable[[object], str], value: float, text: str) -> None:
    """A sign tells a direction, and zero has none."""
    assert show(value) == text


@pytest.mark.parametrize(
    "argv",
    [
        ("solve", *SAMPLE, "--target", "1.4", "--explain"),
        ("hedge", *SAMPLE, "--target", "1.4", "--leverage", "5", "--explain"),
        ("checklist", *SAMPLE, "--target", "1.4", "--leverage", "50"),
        ("basis", *SAMPLE),
        ("funding", *SAMPLE),
        ("proxies", *SAMPLE),
        ("beta", *SAMPLE),
    ],
)
def test_one_way_to_write_percent_and_counts(cli: Cli, argv: tuple[str, ...]) -> None:
    """A percent sign stands apart from its number, a count of thousands has separators, and there is one minus sign."""
    text = cli(*argv).out
    assert not re.search(r"\d%", text)
    assert not re.search(r"(?<![\d.,-])\d{4,} (returns|bars)", text)
    assert "−" not in text
    assert "(s)" not in text
