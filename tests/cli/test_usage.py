"""A command line that cannot be read, in our own words; and what the environment and `-q` do."""

import json

import pytest

from conftest import Cli

SAMPLE = ("--sector", "l1", "--exchange", "sample")
HELP = "`betacli --help` lists the commands, `betacli COMMAND --help` its options"
UNREADABLE = {
    ("--sector", "l1"): (
        "there is no option `--sector` before the command",
        "options follow the command: `betacli beta --sector …`",
    ),
    ("sovle",): ("there is no command `sovle`", "did you mean `solve`?"),
    ("xyzzy",): (
        "there is no command `xyzzy`",
        "`betacli --help` lists the commands, `betacli COMMAND --help` its options",
    ),
    ("solve", "--sectr", "l1"): ("`betacli solve` has no option `--sectr`", "did you mean `--sector`?"),
    ("solve", "--hedge-to", "1"): ("`betacli solve` has no option `--hedge-to`", "`betacli hedge` has it"),
    ("solve", "-Z"): ("`betacli solve` has no option `-Z`", "`betacli solve --help` lists its options"),
    ("solve", "--target", "x"): (
        "`--target` is `x`: a number is needed",
        "`betacli solve --help` lists its options",
    ),
    ("solve", "--target", "1.3:1.5"): (
        "`--target` is `1.3:1.5`: a number is needed",
        "a band is `--target-band 1.3:1.5`",
    ),
    ("solve", "--max-assets", "1.5"): (
        "`--max-assets` is `1.5`: a whole number is needed",
        "`betacli solve --help` lists its options",
    ),
    ("solve", "--explain=3"): ("`--explain` takes no value", HELP),
    ("solve", "--sector"): ("`--sector` needs a value", HELP),
    ("backtest",): ("`betas` is missing", "write `betacli backtest betas`"),
    ("solve", "a", "b"): (
        "`betacli solve` takes no `a` and `b`",
        "`betacli solve --help` lists what it takes",
    ),
}


@pytest.mark.parametrize("argv", UNREADABLE)
def test_a_command_line_that_cannot_be_read(argv: tuple[str, ...], cli: Cli) -> None:
    """Names stand in backticks, and the hint is a way out."""
    problem, hint = UNREADABLE[argv]
    ran = cli(*argv)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {problem}\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("BETACLI_TARGET", "a number is needed"),
        ("BETACLI_OFFLINE", "`true` or `false` is needed"),
        ("BETACLI_MAX_ASSETS", "a whole number is needed"),
    ],
)
def test_a_bad_variable_is_named(name: str, needed: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No flag was given, so no flag is to blame."""
    monkeypatch.setenv(name, "abc")
    ran = cli("solve", *SAMPLE)
    assert ran.code == 2
    assert ran.err.startswith(f"error: `{name}` is `abc`: {needed}\n")


@pytest.mark.parametrize("value", ["l1,defi", "l1 defi", "l1, defi", "l1+defi"])
def test_several_sectors_in_a_variable(value: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """With commas as `--only` has them, or with blanks."""
    monkeypatch.setenv("BETACLI_SECTOR", value)
    ran = cli("beta", "--exchange", "sample", "-O", "json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["data"]["sector"] == "l1+defi"


def test_a_variable_that_nothing_reads_is_told(cli: Cli) -> None:
    """In every format, by `doctor` too, and not where it is one of betacli's."""
    strange = {"BETACLI_EXCHNAGE": "sample"}
    told = "the variable `BETACLI_EXCHNAGE` is read by nothing: did you mean `BETACLI_EXCHANGE`?"
    assert told in cli("solve", *SAMPLE, environ=strange).out
    (first, *_) = json.loads(cli("solve", *SAMPLE, "-O", "json", environ=strange).out)["warnings"]
    assert first == {"id": "unknown-variable", "detail": told, "severity": "warning"}
    found = json.loads(cli("doctor", "--offline", "-O", "json", environ=strange).out)["data"]["findings"][-1]
    assert (found["topic"], found["name"], found["status"]) == ("environment", "BETACLI_EXCHNAGE", "warn")
    ours = {
        "BETACLI_EXCHANGE": "sample",
        "BETACLI_PLAN": "x",
        "BETACLI_CONFIG": "y",
        "BETACLI_CACHE_DIR": "z",
        "BETACLI_HALF_LIFE": "60d",
    }
    assert "read by nothing" not in cli("solve", *SAMPLE, environ=ours).out


def test_quiet_leaves_notices_out_of_tables(cli: Cli) -> None:
    """At the end of the table as on stderr; the numbers are the same, and a file that is read by scripts keeps them."""
    loud, quiet = cli("solve", *SAMPLE), cli("solve", *SAMPLE, "-q")
    assert "\nnote: " in loud.out
    assert "note: " not in quiet.out
    assert loud.out.startswith(quiet.out.rstrip("\n"))
    assert cli("solve", *SAMPLE, "-O", "csv", "-q").err == ""
    assert cli("solve", *SAMPLE, "-O", "json", "-q").out == cli("solve", *SAMPLE, "-O", "json").out


@pytest.mark.parametrize("action", [("fetch", "--sector", "l1"), ("export", "closes.csv")])
def test_the_simulated_market_is_never_stored(action: tuple[str, ...], cli: Cli) -> None:
    """It exists, unlike what its absence among the exchanges said."""
    ran = cli("data", *action, "--exchange", "sample")
    assert ran.code == 2
    assert "the simulated market is made anew by every command" in ran.err


def test_an_exchange_of_ccxt_that_nobody_checked(cli: Cli) -> None:
    """Its name is refused with the option that lets it be asked."""
    assert (
        "; `--exchange-unchecked` lets it be any other of ccxt's\n"
        in cli("solve", "-s", "l1", "-e", "okx").err
    )
    assert "did you mean `ETH`?" in cli("solve", *SAMPLE, "--only", "eth").err


def test_every_setting_is_shown(cli: Cli) -> None:
    """Also those that nobody has set."""
    found = {s["name"]: s for s in json.loads(cli("config", "show", "-O", "json").out)["data"]["settings"]}
    assert found["target"] == {"name": "target", "value": None, "origin": "built-in"}
    assert {"equity", "candles", "window", "as_of", "hedge_with"} <= found.keys()


def test_help_has_one_column_and_plain_defaults(cli: Cli) -> None:
    """Descriptions of every panel begin at one column; a default is a sentence, and zero is none."""
    out = cli("hedge", "--help").out
    starts = {
        line.index(told)
        for line in out.split("\n")
        for told in ("The sector:", "Size of the basket", "Sector file.", "Write to a file", "Show this")
        if told in line
    }
    assert len(starts) == 1
    assert "[default" not in out
    assert "Base weights: equal" in out
    assert "Default equal." in out
    for option in ("--candles", "--offline", "--half-life"):
        assert option not in cli("data", "--help").out
