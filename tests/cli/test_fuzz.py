"""Whatever the options, a command answers or refuses: no bug, no number beside an error, no NaN."""

import json
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    "--target-band": ["1.2:1.5", "1.5:1.2", "0:9", ":", "x"],
    "--objective": ["nearest", "min-variance", "least-turnover", "q"],
    "--max-assets": ["1", "3", "99", "0"],
    "--max-gross": ["1", "1.5", "0.5"],
    "--risk": ["2%", "0.5", "200%", "x"],
    "--spot": ["ETH", "ETH,SOL", "X", ",", "BNB"],
    "--proxies": ["auto", "none", "file", "q"],
    "--proxy-venues": ["bybit", "q"],
    "--hedge-with": ["perp", "quarter", "next-quarter", "ETH", "BTC-2024-03-29", "q"],
    "--hedge-to": ["0", "0.5", "-2"],
    "--as-of": ["2024-01-01", "2023-01-01", "2023-04-15", "9999-12-31", "0001-01-01"],
}
OPTIONS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)
FLAGS = st.sets(st.sampled_from(["--allow-short", "--allow-missing", "--offline", "--liquidity-cap"]))
HEDGED = {"--hedge-with", "--hedge-to"}  # `solve` has none


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
