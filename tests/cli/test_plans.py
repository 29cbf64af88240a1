"""Plans, and where each setting comes from: flag, plan, environment, project, user, packaged, built in."""

import json
from pathlib import Path

import pytest

from betacli.cli.planning import option_types
from betacli.cli.taking import variable_of
from conftest import Cli

PLANS = """\
exchange: bybit
sectors: {l1: {members: [ETH, SOL, AVAX, ADA, TRX]}, two: {members: [ETH, SOL]}}
gates: {min_days: 20}
plans:
  morning: {sector: l1, target: 1.4, notional: 50000, leverage: 5, exchange: sample, max_weight: 0.5}
  hand: {sector: two, beta: [ETH=1.25, SOL=1.60], target: 1.4, notional: 100000, timeout: 60, allow_missing: true}
"""


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    path = tmp_path / "sectors.yaml"
    path.write_text(PLANS)
    return path


def data(ran: object) -> dict[str, object]:
    report: dict[str, object] = json.loads(ran.out)  # type: ignore[attr-defined]
    report.pop("tool")
    return report


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("command", ["beta", "solve", "hedge", "checklist"])
def test_a_plan_stands_for_its_flags(command: str, cli: Cli) -> None:
    """`--plan` gives the bytes that the flags give, except that it is named; `beta` leaves out what it has no use for."""
    flags = ["--sector", "l1", "--exchange", "sample"]
    if command != "beta":
        flags += ["--target", "1.4", "--notional", "50000", "--leverage", "5", "--max-weight", "0.5"]
    by_flags, by_plan = cli(command, *flags, "-O", "json"), cli(command, "--plan", "morning", "-O", "json")
    assert by_flags.code == by_plan.code
    ours, theirs = data(by_plan), data(by_flags)
    assert ours["inputs"].pop("plan") == "morning"
    assert ours == theirs


@pytest.mark.usefixtures("planned")
def test_a_flag_wins_over_the_plan_and_the_plan_over_the_environment(cli: Cli) -> None:
    """Notional 50,000 of the plan; 70,000 by flag; 60,000 of the environment only where the plan says nothing."""

    def notional(*argv: str) -> float:
        ran = cli("solve", *argv, "-O", "json")
        assert ran.code == 0, ran.err
        found: float = json.loads(ran.out)["data"]["notional"]
        return found

    assert notional("--plan", "morning") == 50_000
    assert notional("--plan", "morning", "--notional", "70000") == 70_000


@pytest.mark.usefixtures("planned")
def test_the_environment_is_below_a_plan(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """BETACLI_NOTIONAL fills what no flag and no plan says."""
    monkeypatch.setenv("BETACLI_NOTIONAL", "60000")
    by_plan = cli("solve", "--plan", "morning", "-O", "json")
    assert json.loads(by_plan.out)["data"]["notional"] == 50_000
    alone = cli("solve", "--sector", "l1", "--exchange", "sample", "-O", "json")
    assert json.loads(alone.out)["data"]["notional"] == 60_000


@pytest.mark.usefixtures("planned")
def test_a_plan_holds_repeated_options_numbers_and_flags(cli: Cli) -> None:
    """The worked example from a plan: weights 4/7 and 3/7 with betas by hand."""
    legs = json.loads(cli("solve", "--plan", "hand", "-O", "json").out)["data"]["legs"]
    assert [leg["weight"] for leg in legs] == pytest.approx([4 / 7, 3 / 7], abs=1e-12)
    settings = cli("config", "show", "--origin", "--plan", "hand").out
    assert "timeout" in settings
    assert "plan hand" in settings


@pytest.mark.usefixtures("planned")
def test_files_named_by_flag_take_the_place_of_the_plans_exchange(cli: Cli) -> None:
    """`--candles` beside a plan with an exchange is no contradiction: the flag wins."""
    ran = cli("solve", "--plan", "morning", "--candles", "nowhere.csv")
    assert "nowhere.csv" in ran.err
    assert "both name a source" not in ran.err


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("solve", "--plan", "mornin"), "did you mean `morning`?"),
        (("solve", "--plan", "zzz"), "there are `morning` and `hand`"),
    ],
)
def test_an_unknown_plan_names_the_nearest(argv: tuple[str, ...], said: str, cli: Cli) -> None:
    """Exit 2 with what was meant, or all there are."""
    ran = cli(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_no_plans_at_all_says_how_to_write_one(cli: Cli) -> None:
    """The packaged file has none."""
    ran = cli("solve", "--plan", "morning")
    assert ran.code == 2
    assert "`betacli help plans`" in ran.err


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("{targte: 1}", "3:13: unknown key `targte`"),
        ("{target: x}", "3:21: `target` is `x`: expected a number"),
        ("{sector: l2}", "3:21: there is no sector `l2`"),
        ("{weighting: equl}", "3:24: there is no weighting `equl`"),
        ("{proxies: atuo}", "3:22: there is no `proxies` called `atuo`"),
        ("{objective: nearst}", "3:24: there is no `objective` called `nearst`"),
        ("{fees: makr}", "3:19: there is no `fees` called `makr`"),
        ("{timeout: soon}", "3:22: `timeout` is `soon`: expected a number"),
        ("{allow_missing: 1}", "3:28: `allow_missing` is `1`: expected `true` or `false`"),
        ("{config: other.yaml}", "3:13: unknown key `config`"),
        ("{plan: other}", "3:13: unknown key `plan`"),
    ],
)
def test_a_faulty_plan_is_told_with_line_and_column(plan: str, said: str, cli: Cli, tmp_path: Path) -> None:
    """Unknown keys and wrong values are problems of the file, with what was meant."""
    (tmp_path / "sectors.yaml").write_text(
        f"sectors: {{l1: {{members: [ETH]}}}}\nplans:\n  morning: {plan}\n"
    )
    ran = cli("solve", "--plan", "morning", "--exchange", "sample")
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.usefixtures("planned")
def test_every_setting_tells_where_it_comes_from(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each: flag, plan, variable, file with line, and what is built in."""
    monkeypatch.setenv("BETACLI_ESTIMATOR", "ewma-60d")
    ran = cli("config", "show", "--origin", "--plan", "morning", "--quiet", "-O", "json")
    found = {s["name"]: (s["value"], s["origin"]) for s in json.loads(ran.out)["data"]["settings"]}
    assert found["quiet"] == (True, "flag --quiet")
    assert found["target"] == (1.4, "plan morning")
    assert found["exchange"] == ("sample", "plan morning")
    assert found["estimator"] == ("ewma-60d", "variable BETACLI_ESTIMATOR")
    assert found["gates.min_days"] == (20.0, "sectors.yaml:3")
    assert found["sectors"] == ("l1, two", "sectors.yaml:2")
    assert found["timeout"] == (30.0, "built-in")
    assert found["maintenance_margin"] == (None, "built-in")
    assert found["quote"][1].endswith("sectors.yaml:12")  # the packaged file's line


@pytest.mark.usefixtures("planned")
def test_the_user_file_is_below_the_projects(cli: Cli) -> None:
    """A key that the project leaves out is the user's, with its file and line."""
    from betacli.cli.world import World

    folder = World.real().config_dir()
    folder.mkdir(parents=True)
    (folder / "sectors.yaml").write_text("# mine\nquote: USDC\nexchange: mexc\n")
    found = {s["name"]: s for s in json.loads(cli("config", "-O", "json").out)["data"]["settings"]}
    assert found["quote"]["value"] == "USDC"
    assert found["quote"]["origin"] == f"{folder / 'sectors.yaml'}:2"
    assert found["exchange"]["origin"] == "sectors.yaml:1"


def test_a_proxys_password_is_never_shown(cli: Cli, tmp_path: Path) -> None:
    """`config show` hides what stands between `//` and `@`."""
    (tmp_path / "sectors.yaml").write_text(
        "sectors: {l1: {members: [ETH]}}\n"
        "exchange_options: {bybit: {httpsProxy: 'http://me:hunter2@proxy.example:3128'}}\n"
    )
    shown = cli("config", "show").out
    assert "hunter2" not in shown
    assert "proxy.example:3128" in shown


def test_every_option_of_every_command_may_stand_in_a_plan() -> None:
    """Options are found in the command table, so one that is added can be planned without work."""
    from betacli.cli.app import every_group

    types = option_types(every_group())
    assert types["target"] is float
    assert types["allow_short"] is bool
    assert types["beta"] is tuple
    assert types["candles"] is str
    assert not {"plan", "config", "action"} & types.keys()
    assert variable_of("--half-life") == "BETACLI_HALF_LIFE"
