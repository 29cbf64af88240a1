"""The options of commands that plan a basket: what it stays near to, and what its weights may be."""

from dataclasses import dataclass
from typing import Annotated

from betacli import names
from betacli.cli import completing
from betacli.cli.taking import LIMITS, WHAT, option
from betacli.cli.values import joined, known_name
from betacli.errors import BadUsage


@dataclass(frozen=True, kw_only=True)
class LimitOptions:
    """Objective, and limits beyond those of single assets."""

    target_band: Annotated[
        str | None,
        option(
            "--target-band",
            panel=WHAT,
            metavar="LOW:HIGH",
            help="Any beta between two, in place of a target.",
        ),
    ] = None
    sector_weight: Annotated[
        list[str] | None,
        option("--sector-weight", panel=LIMITS, metavar="l1=0.6", help="What a sector weighs; repeatable."),
    ] = None
    objective: Annotated[
        str,
        option(
            "--objective",
            panel=LIMITS,
            metavar="NAME",
            complete=completing.one_of(names.OBJECTIVES),
            help=f"What weights stay near to: {', '.join(names.OBJECTIVES)}.",
        ),
    ] = "nearest"
    turnover_cost: Annotated[
        float,
        option(
            "--turnover-cost",
            panel=LIMITS,
            metavar="C",
            help="Cost of turning the whole basket over, against variance a year.",
        ),
    ] = 0.001
    cap_limit: Annotated[
        float | None,
        option(
            "--cap-limit",
            panel=LIMITS,
            metavar="W",
            help="The most a base weight by capitalisation may be; the excess goes to the others in proportion.",
        ),
    ] = None
    min_group: Annotated[
        list[str] | None,
        option(
            "--min-group", panel=LIMITS, metavar="evm=0.1", help="The least a group may weigh; repeatable."
        ),
    ] = None
    max_group: Annotated[
        list[str] | None,
        option(
            "--max-group", panel=LIMITS, metavar="evm=0.5", help="The most a group may weigh; repeatable."
        ),
    ] = None
    max_assets: Annotated[
        int | None,
        option(
            "--max-assets",
            panel=LIMITS,
            metavar="K",
            help="Hold this many at most; `--min-weight` then holds for those held.",
        ),
    ] = None
    max_gross: Annotated[
        float | None,
        option(
            "--max-gross",
            panel=LIMITS,
            metavar="G",
            help="The most all sizes may sum to, with `--allow-short`.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """One sector held against another."""

    long: Annotated[
        list[str] | None,
        option(
            "--long",
            panel=WHAT,
            metavar="NAME",
            complete=completing.sectors,
            help="A spread: this sector long, in place of `--sector`.",
        ),
    ] = None
    short: Annotated[
        list[str] | None,
        option(
            "--short",
            panel=WHAT,
            metavar="NAME",
            complete=completing.sectors,
            help="A spread: this sector short.",
        ),
    ] = None
    neutral: Annotated[
        str,
        option(
            "--neutral",
            panel=WHAT,
            metavar="KIND",
            complete=completing.one_of(names.NEUTRAL),
            help="A spread's short side: `dollar` as large as the long one, `beta` as large as cancels its beta.",
        ),
    ] = "dollar"

    def sides(self) -> tuple[str, str] | None:
        """Return the long and the short sectors, each as one name; None where no spread is asked for.

        Raises:
            UnknownName: the pair is to be neutral in a way that does not exist.
            BadUsage: one side is missing.
        """
        known_name("neutral", self.neutral, names.NEUTRAL)
        if not self.long and not self.short:
            return None
        if not self.long or not self.short:
            raise BadUsage(problem="a spread has two sides", way_out="give `--long` and `--short`")
        return joined("--long", self.long) or "", joined("--short", self.short) or ""
