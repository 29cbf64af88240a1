"""Several sectors in one basket."""

import json
import math

import pytest

from conftest import Cli

SAMPLE = ("--exchange", "sample", "--as-of", "2026-10-28T07:00:00Z", "-O", "json")
TWO = "sectors: {a: {members: [ETH, SOL, AVAX]}, b: {members: [UNI, ETH, AAVE]}}\n"


def test_two_sectors_are_one_basket(cli: Cli, tmp_path) -> None:
    """`--sector a --sector b`: every member once, the shared one is told, and the target is that of all."""
    (tmp_path / "sectors.yaml").write_text(TWO, encoding="utf-8")
    ran = cli("solve", "--sector", "a", "--sector", "b", "--target", "1.5", *SAMPLE)
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    legs = report["data"]["legs"]
    assert report["data"]["sector"] == "a+b"
    assert [leg["base"] for leg in legs] == ["AAVE", "AVAX", "ETH", "SOL", "UNI"]
    assert math.fsum(leg["weight"] * leg["beta"] for leg in legs) == pytest.approx(1.5, abs=1e-10)
    (told,) = [w["detail"] for w in report["warnings"] if w["id"] == "shared-members"]
    assert told.endswith("ETH of `a`")


def test_a_sector_named_twice_is_one(cli: Cli) -> None:
    """`--sector l1 --sector l1` is `--sector l1`."""
    once = cli("solve", "--sector", "l1", "--target", "1.4", *SAMPLE)
    twice = cli("solve", "--sector", "l1", "--sector", "l1", "--target", "1.4", *SAMPLE)
    assert once.out == twice.out


def test_an_unknown_sector_among_several_is_named(cli: Cli) -> None:
    """The one that does not exist is refused by its own name."""
    ran = cli("beta", "--sector", "l1", "--sector", "defy", *SAMPLE)
    assert ran.code == 2
    assert "there is no sector `defy`" in ran.err


def test_beta_measures_every_member_of_both(cli: Cli) -> None:
    """`beta` takes several sectors too, in the order of names."""
    ran = cli("beta", "--sector", "l1", "--sector", "defi", *SAMPLE)
    bases = [row["base"] for row in json.loads(ran.out)["data"]["assets"]]
    assert (len(bases), bases) == (19, sorted(bases))
