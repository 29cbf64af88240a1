"""Whatever the options, a command answers or refuses: no bug, no number beside an error, no NaN."""

import json
import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from betacli import names
from conftest import Cli

EXAMPLES = int(os.environ.get("BETACLI_FUZZ", "150"))
VALUES = {
    "--only": ["ETH", "ETH,SOL", "USDC", ",", "BNB,TRX,ADA"],
    "--benchmark": ["BTC", "ETH", "universe", "BTC=0.5,ETH=0.5", "X", "="],
    "--target": ["0", "1.4", "-1", "5", "1e300", "nan"],
    "--notional": ["1", "100", "1e5", "1e14", "1e-9"],
    "--equity": ["1", "20000"],
    "--leverage": ["1", "5", "999"],
    "--weighting": ["equal", "cap", "min-variance", "q"],
    "--min-weight": ["0", "0.05", "-0.5", "1"],
    "--max-weight": ["0.1", "0.4", "1", "1e-9"],
    "--estimator": ["ols-90d", "ewma-60d", "x"],
    "--timeframe": ["1d", "4h", "1h", "1m"],
    "--window": ["90d", "30d", "2d", "999d", "12h"],
    "--half-life": ["60d", "1h", "0.0001d"],
    "--beta": ["ETH=1.2", "SOL=0", "ETH=-3", "SOL=1e308"],
    "--target-band": ["1.2:1.5", "1.5:1.2", "0:9", "1.376:1.376", ":", "x"],
    "--objective": ["nearest", "min-variance", "least-turnover", "q"],
    "--max-assets": ["1", "3", "99", "0"],
    "--max-gross": ["1", "1.5", "0.5"],
    "--risk": ["2%", "0.5", "200%", "x"],
    "--spot": ["ETH", "ETH,SOL", "X", ",", "BNB", "eth"],
    "--proxies": ["auto", "none", "file", "aut"],
    "--proxy-venues": ["bybit", "q"],
    "--hedge-with": ["perp", "quarter", "next-quarter", "quater", "ETH", "BTC-2024-03-29", "/", "-"],
    "--hedge-to": ["0", "0.5", "-2"],
    "--as-of": ["2024-01-01", "2023-01-01", "2023-04-15", "9999-12-31", "0001-01-01"],
}
OPTIONS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)
FLAGS = st.sets(st.sampled_from(["--allow-short", "--allow-missing", "--offline", "--liquidity-cap"]))
HEDGED = {"--hedge-with", "--hedge-to"}  # `solve` has none


THRESHOLD = st.sampled_from(["0", "1", "0.5", "-1", "1e-9", "2", "1e9", "1e300", ".nan"])


def mapping(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(st.sampled_from(known), THRESHOLD, max_size=3)
    return pairs.map(lambda found: ", ".join(f"{name}: {value}" for name, value in found.items()))


FILES = st.builds(
    "sectors: {{l1: {{members: [ETH, SOL, ADA, BNB, TRX]}}}}\ngates: {{{}}}\nchecklist: {{{}}}\n".format,
    mapping(names.GATES),
    mapping(names.CHECKLIST),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ETH", "SOL", "ETHH", "BTC", "XYZQ", "1000PEPE", "eth"]),
        st.sampled_from(["spot", "future", ""]),
        st.sampled_from(["1", "-2", "0", "1e14", "nan", ""]),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(["solve", "hedge", "checklist", "funding", "liquidity", "proxies"]),
    limits=FILES,
    rows=ROWS,
)
def test_any_thresholds_and_positions_are_answered_or_refused(
    cli: Cli, command: str, limits: str, rows: list[tuple[str, str, str]]
) -> None:
    """Limits of any size and positions of any name: an answer in the command's own columns, or a refusal."""
    Path("limits.yaml").write_text(limits)
    Path("held.csv").write_text("base,kind,amount\n" + "".join(f"{','.join(row)}\n" for row in rows))
    held = ("--positions", "held.csv") if command in {"solve", "hedge"} else ()
    argv = (command, "--sector", "l1", "--exchange", "sample", "--config", "limits.yaml", *held, "-O", "csv")
    ran = cli(*argv)
    assert ran.code in {0, 2, 3, 5, 10}, ran.err
    assert (ran.out == "") == (ran.code not in {0, 10})
    header = HEADERS.setdefault(command, ran.out.partition("\n")[0] or None)
    assert header is None or ran.out.startswith(header + "\n") or not ran.out
    if header is None:
        del HEADERS[command]


HEADERS: dict[str, str | None] = {}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(["solve", "hedge", "checklist", "liquidity", "funding", "basis", "venues"]),
    sector=st.sampled_from(["l1", "gaming", "stable"]),
    options=OPTIONS,
    flags=FLAGS,
)
def test_any_options_are_answered_or_refused(
    cli: Cli, command: str, sector: str, options: dict[str, str], flags: set[str]
) -> None:
    """The exit code is one of the contract's, never 1; JSON parses strictly; an error carries no data."""
    chosen = {name: value for name, value in options.items() if command != "solve" or name not in HEDGED}
    words = [word for pair in chosen.items() for word in pair]
    ran = cli(command, "--sector", sector, "--exchange", "sample", *words, *sorted(flags), "-O", "json")
    assert ran.code in {0, 2, 3, 5, 10}, ran.err

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    report = json.loads(ran.out, parse_constant=refuse)
    assert ("data" in report) == (ran.code in {0, 10})
    assert ("error" in report) == (ran.code not in {0, 10})
    if "error" in report:
        assert report["error"]["exit_code"] == ran.code
