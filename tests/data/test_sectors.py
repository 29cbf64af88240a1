"""The sector file: what it may say, and how files lie over each other."""

import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from betacli.core.model import Benchmark, Member
from betacli.data import yaml_nodes
from betacli.data.sectors import check_file, json_schema, load_universe, packaged_path, template
from betacli.errors import BadFile
from data.sector_files import NOWHERE, SMALLEST, load

TOP = Path(__file__).resolve().parents[2]
# --- what a file may say ----------------------------------------------------------------------------------------


def test_smallest_file(write):
    """Sectors are all a file needs; the rest is built in, and the origins say so."""
    universe = load(write(SMALLEST))
    assert universe.sectors[0].name == universe.sectors[0].title == "l1"
    assert universe.sectors[0].bases == ("ETH", "SOL")
    assert universe.benchmark.name == "BTC"
    assert (universe.exchange, universe.quote, universe.estimator) == (
        "binanceusdm",
        "USDT",
        "welch-vasicek-4h",
    )
    assert (universe.notional, universe.max_weight, universe.maintenance_margin) == (100_000.0, 0.4, None)
    assert universe.origins["notional"] == "built-in"
    assert universe.origins["sectors"].endswith("sectors.yaml")


def test_fuller_file(write):
    """Every key of the format reaches its field, with the type the field declares."""
    universe = load(
        write("""
benchmark: {BTC: 0.6, ETH: 0.4}
exchange: bybit
quote: USDC
notional: 1e5
estimator: ewma-60d
max_weight: 0.5
maintenance_margin: 0.02
sectors:
  l1:
    title: Layer 1 platforms
    members:
      - ETH
      - {base: SOL, min_weight: -0.1, max_weight: .3, supply: 540000000, supply_as_of: 2026-06-30, cap_usd: 9e10}
      - {base: ADA, symbol: "ADA/USDT:USDT-260925", proxy: ETH}
universe: [BTC, {base: XRP}]
gates: {max_age_bars: 1.5}
checklist: {min_depth: 2}
exchange_options:
  bybit: {httpsProxy: "http://proxy.example:3128", timeout: 10000, ratio: 1.5, on: true, off: no, none: ~, many: ["1", 1]}
plans:
  morning: {sector: l1, target: 1.4, leverage: 5, only: [ETH, ON], allow_short: true, window: 90d, timeframe: 4h}
  evening: {only: "ETH, SOL"}
""")
    )
    assert universe.benchmark == Benchmark(weights={"BTC": 0.6, "ETH": 0.4})
    assert (universe.exchange, universe.quote, universe.estimator) == ("bybit", "USDC", "ewma-60d")
    assert (universe.notional, universe.max_weight, universe.maintenance_margin) == (100_000.0, 0.5, 0.02)
    eth, sol, ada = universe.sectors[0].members
    assert eth == Member(base="ETH")
    assert sol == Member(
        base="SOL", min_weight=-0.1, max_weight=0.3, supply=5.4e8, supply_as_of="2026-06-30", cap_usd=9e10
    )
    assert ada == Member(base="ADA", symbol="ADA/USDT:USDT-260925", proxy="ETH")
    assert [member.base for member in universe.others] == ["BTC", "XRP"]
    assert (universe.gates, universe.checklist) == ({"max_age_bars": 1.5}, {"min_depth": 2.0})
    options = universe.exchange_options["bybit"]
    assert options == {
        "httpsProxy": "http://proxy.example:3128",
        "timeout": 10000,
        "ratio": 1.5,
        "on": True,
        "off": "no",
        "none": None,
        "many": ["1", 1],
    }
    assert isinstance(options["timeout"], int)
    assert universe.plans["evening"] == {"only": ("ETH", "SOL")}
    assert universe.plans["morning"] == {
        "sector": "l1",
        "target": 1.4,
        "leverage": 5.0,
        "only": ("ETH", "ON"),
        "allow_short": True,
        "window": "90d",
        "timeframe": "4h",
    }


@pytest.mark.parametrize(
    "base", ["ON", "NO", "4", "Y", "1INCH", "NULL", "on", "1e5", "0x10", "1_000", "TRUE", "$WIF"]
)
def test_coins_that_yaml_takes_for_something_else(write, base):
    """`ON`, `NO`, `4` and their like are coins: a name is the text that was typed."""
    universe = load(
        write(f"sectors: {{{base.strip('$')}: {{members: [{base}, {{base: X, proxy: {base}}}]}}}}")
    )
    assert universe.sectors[0].bases == (base, "X")
    assert universe.sectors[0].members[1].proxy == base


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SMALLEST,
        "sectors:\r\n  l1:\r\n    members:\r\n      - ETH\r\n      - SOL\r\n",
        "---\n" + SMALLEST + "...\n",
        "%YAML 1.1\n---\n" + SMALLEST,
        "sectors: {l1: {members: &them [ETH, SOL]}}\nuniverse: []\ngates:\nplans: {}\n",
    ],
    ids=["bom", "crlf", "markers", "directive", "empty-extras"],
)
def test_other_spellings(write, text):
    """A byte order mark, CRLF, document markers and empty extras change nothing."""
    assert load(write(text)).sha256 == load(write(SMALLEST, "plain.yaml")).sha256


def test_aliases(write):
    """An anchor may be used again, and its assets are the same in both places."""
    universe = load(
        write("sectors: {a: {members: &m [ETH, {base: SOL, max_weight: 0.3}]}, b: {members: *m}}")
    )
    assert universe.sectors[0].members == universe.sectors[1].members


def test_facts_are_written_once(write):
    """A symbol or a supply is true of an asset wherever it is a member; weight bounds belong to one sector."""
    universe = load(
        write(
            "sectors:\n"
            "  a: {members: [{base: SOL, symbol: 'SOL/USDT:USDT', max_weight: 0.3, supply: 5, supply_as_of: 2025-01-01}]}\n"
            "  b: {members: [SOL, ETH]}\n"
        )
    )
    again = universe.sectors[1].members[0]
    assert (again.symbol, again.supply, again.supply_as_of) == ("SOL/USDT:USDT", 5.0, "2025-01-01")
    assert again.max_weight is None


def test_universe_benchmark(write):
    """`universe` is the benchmark without fixed weights."""
    text = "benchmark: universe\nsectors: {l1: {members: [{base: ETH, supply: 1, supply_as_of: 2025-01-01}]}}"
    assert load(write(text)).benchmark.is_universe


# --- layers -----------------------------------------------------------------------------------------------------


def test_layers(write, tmp_path):
    """The first file with a key wins: scalars one by one, the four mappings name by name, sectors as a whole."""
    write("notional: 5\nplans: {a: {target: 1}}\ngates: {g: 1}", "project/sectors.yaml")
    write(
        "notional: 6\nexchange: bybit\nplans: {a: {target: 2}, b: {target: 3}}\n"
        "sectors: {mine: {members: [ETH]}}\nuniverse: [BTC]",
        "user/sectors.yaml",
    )
    packaged = write(
        "quote: USDC\nexchange: mexc\ngates: {g: 2, h: 3}\nuniverse: [XRP]\nsectors: {l1: {members: [SOL]}}",
        "packaged",
    )
    places = {"project_dir": tmp_path / "project", "user_dir": tmp_path / "user", "packaged": packaged}
    universe = load_universe(config=None, **places)
    assert (universe.notional, universe.exchange, universe.quote, universe.max_weight) == (
        5.0,
        "bybit",
        "USDC",
        0.4,
    )
    assert universe.plans == {"a": {"target": 1.0}, "b": {"target": 3.0}}
    assert universe.gates == {"g": 1.0, "h": 3.0}
    assert [sector.name for sector in universe.sectors] == ["mine"]
    assert [member.base for member in universe.others] == ["BTC"]
    assert universe.origins == {
        "notional": str(tmp_path / "project/sectors.yaml"),
        "exchange": str(tmp_path / "user/sectors.yaml"),
        "quote": str(packaged),
        "benchmark": "built-in",
        "estimator": "built-in",
        "max_weight": "built-in",
        "maintenance_margin": "built-in",
        "sectors": str(tmp_path / "user/sectors.yaml"),
        "universe": str(tmp_path / "user/sectors.yaml"),
    }
    config = write("notional: 7", "other.yaml")
    assert load_universe(config=config, **places).notional == 7.0
    assert load_universe(config=config, **places).plans["a"] == {"target": 2.0}, (
        "`--config` replaces the project's"
    )


def test_sectors_hide_the_universe_below(write, tmp_path):
    """The file with the sectors supplies `universe` as well: assets of a file below do not slip in."""
    config = write(SMALLEST)
    packaged = write("universe: [XRP]\nsectors: {l1: {members: [SOL]}}", "packaged")
    places = {"project_dir": tmp_path / "no", "user_dir": tmp_path / "no", "packaged": packaged}
    assert load_universe(config=config, **places).others == ()
    above = write("universe: [DOGE]\n", "above.yaml")
    universe = load_universe(config=above, **places)
    assert [member.base for member in universe.others] == ["DOGE"]
    assert universe.sectors[0].bases == ("SOL",)


def test_the_bad_layer_is_named(write, tmp_path):
    """A problem in a lower file names that file; a link to nowhere is not passed over."""
    (tmp_path / "user").mkdir()
    (tmp_path / "user/sectors.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(BadFile) as caught:
        load_universe(config=write(SMALLEST), project_dir=tmp_path, user_dir=tmp_path / "user")
    assert caught.value.message == f"{tmp_path}/user/sectors.yaml: there is no such file"


def test_no_files_at_all(tmp_path):
    """Without any file the error names the one that was looked for first."""
    with pytest.raises(BadFile) as caught:
        load_universe(config=None, project_dir=tmp_path, user_dir=tmp_path, packaged=tmp_path / "gone")
    assert caught.value.path == str(tmp_path / "sectors.yaml")


# --- the hash ---------------------------------------------------------------------------------------------------

MEANING = """
benchmark: {BTC: 0.6, ETH: 0.4}
notional: 100000
sectors:
  a: {members: [ETH, {base: SOL, max_weight: 0.3}]}
  b: {members: [UNI]}
universe: [BTC, XRP]
gates: {g: 1, h: 2}
"""
SAME = {
    "comments": MEANING.replace("notional", "# a comment\n\nnotional"),
    "members": MEANING.replace("ETH, {base: SOL, max_weight: 0.3}", "{max_weight: 0.30, base: SOL}, ETH"),
    "universe": MEANING.replace("BTC, XRP", "XRP, BTC"),
    "benchmark": MEANING.replace("BTC: 0.6, ETH: 0.4", "ETH: 0.4, BTC: 0.6"),
    "sectors": MEANING.replace("  b: {members: [UNI]}\n", "").replace(
        "sectors:\n", "sectors:\n  b: {members: [UNI]}\n"
    ),
    "number": MEANING.replace("100000", "1e5"),
    "defaults": MEANING + "exchange: binanceusdm\nquote: USDT\n",
    "quotes": MEANING.replace("[UNI]", "['UNI']"),
}
OTHER = {
    "member": MEANING.replace("UNI", "AAVE"),
    "weight": MEANING.replace("0.3}", "0.31}"),
    "sector name": MEANING.replace("  b:", "  c:"),
    "gate": MEANING.replace("h: 2", "h: 3"),
    "default": MEANING + "quote: USDC\n",
    "benchmark": MEANING.replace("{BTC: 0.6, ETH: 0.4}", "BTC"),
    "plan": MEANING + "plans: {p: {target: 1}}\n",
    "option": MEANING + "exchange_options: {bybit: {a: 1}}\n",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_same_meaning_same_hash(write, text):
    """Comments, order, spelling and file names are not part of the hash."""
    assert load(write(text, "other/name.yaml")).sha256 == load(write(MEANING)).sha256


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_other_meaning_other_hash(write, text):
    """What changes a number changes the hash."""
    assert load(write(text)).sha256 != load(write(MEANING, "meaning.yaml")).sha256


# --- the shipped file, the template, the schema -----------------------------------------------------------------


def test_shipped_file():
    """The shipped file is the checkout's, has the five sectors, and every coin but the dollar's a dated supply."""
    assert packaged_path() == TOP / "sectors.yaml"
    universe = load_universe(config=None, project_dir=NOWHERE, user_dir=NOWHERE)
    assert [sector.name for sector in universe.sectors] == ["l1", "defi", "infra", "gaming", "stable"]
    assert {"ETH", "SOL", "UNI", "AAVE", "SKY", "LINK", "GRT", "AXS", "SAND", "USDC", "BTC"} <= set(
        universe.assets
    )
    assert 36 <= len(universe.assets) <= 40
    assert [base for base, member in universe.assets.items() if member.supply is None] == ["USDC"]
    assert all(m.supply_as_of == "2025-06-30" and m.cap_usd for m in universe.assets.values() if m.supply)
    assert universe.benchmark.name == "BTC"
    assert set(universe.origins.values()) == {str(TOP / "sectors.yaml"), "built-in"}
    summary = check_file(TOP / "sectors.yaml")
    assert (summary.sectors, summary.assets, summary.plans) == (5, len(universe.assets), 0)


def test_shipped_file_is_read_quickly():
    """Reading the shipped file takes well under 30 ms (the best of five, so that a busy machine does not fail it)."""

    def seconds() -> float:
        start = time.perf_counter()
        load_universe(config=None, project_dir=NOWHERE, user_dir=NOWHERE)
        return time.perf_counter() - start

    if not yaml.__with_libyaml__:
        pytest.skip("without libyaml reading is slower")
    assert min(seconds() for _ in range(5)) < 0.03


@pytest.mark.parametrize(
    "text", [template("x"), MEANING, "a: &a [{}, [], '', ~, \"q\\n\"]\nb: |\n  é\n  f\nc: *a\n"]
)
def test_both_parsers_agree(monkeypatch, text):
    """PyYAML's Python parser, used where libyaml is missing, builds the same nodes."""
    fast = yaml_nodes.compose(text)
    monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)
    assert fast == yaml_nodes.compose(text)
    assert fast[0] is not None
    assert fast[1] == []


def test_template(write):
    """What `init` writes passes the loader, changes nothing, and tells editors where the schema is."""
    text = template("/home/a b/schema.json\nevil: 1")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=/home/a%20b/schema.json%20evil:%201"
    shipped = load_universe(config=None, project_dir=NOWHERE, user_dir=NOWHERE)
    assert load(write(text)).sha256 == shipped.sha256


def test_commented_examples_pass(write):
    """The examples in the shipped file's last comments work when they are uncommented."""
    text = (TOP / "sectors.yaml").read_text(encoding="utf-8")
    head, tail = text.split("# More that may stand here, each with an example:\n#\n")
    universe = load(
        write(head + "\n".join(line.removeprefix("# ").removeprefix("#") for line in tail.splitlines()))
    )
    assert universe.maintenance_margin == 0.02
    assert universe.plans == {"morning": {"sector": "l1", "target": 1.4, "leverage": 5.0}}
    assert universe.gates == {"max_age_bars": 1.5, "min_coverage": 0.95}
    assert list(universe.exchange_options) == ["binanceusdm"]


def test_schema():
    """The schema names every key, describes it, refuses others, and is plain JSON."""
    schema = json.loads(json.dumps(json_schema()))
    definitions = schema["$defs"]
    assert set(definitions) == {"FileSpec", "SectorSpec", "GroupSpec", "MemberSpec", "PlanSpec"}
    assert all(definition["additionalProperties"] is False for definition in definitions.values())
    top = definitions["FileSpec"]["properties"]
    assert list(top) == [
        *("benchmark", "exchange", "quote", "notional", "estimator", "max_weight", "maintenance_margin"),
        *("sectors", "universe", "gates", "checklist", "exchange_options", "plans"),
    ]
    described = {**top, **definitions["MemberSpec"]["properties"]}
    assert all(value.get("description") for value in described.values())
    assert list(definitions["PlanSpec"]["properties"]) == [
        *(
            "sector",
            "only",
            "benchmark",
            "estimator",
            "timeframe",
            "window",
            "half_life",
            "exchange",
            "candles",
        ),
        *("target", "notional", "equity", "leverage", "weighting", "min_weight", "max_weight", "allow_short"),
        "hedge_to",
    ]


# --- anything at all --------------------------------------------------------------------------------------------

PIECES = [
    *"[]{}:,&*!|>-?#'\"%@`~\n\t \r\x00é\ufeff",
    *(
        "\n  ",
        "<<: ",
        "&a ",
        "*a",
        "!!int ",
        "null",
        "---\n",
        "sectors:",
        "members:",
        "l1:",
        "base: ",
        "ETH",
        "ON",
    ),
    *("1e5", ".nan", "1_0", "benchmark: ", "plans: ", "only: ", "supply: "),
]
SEEDS = [MEANING, SMALLEST, (TOP / "sectors.yaml").read_text(encoding="utf-8")[-2500:], template("x")[:3000]]


@st.composite
def mutated(draw) -> bytes:
    """A sector file with some pieces replaced, or nothing but pieces."""
    text = draw(st.sampled_from([*SEEDS, ""]))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        until = min(len(text), at + draw(st.integers(0, 12)))
        text = text[:at] + "".join(draw(st.lists(st.sampled_from(PIECES), max_size=8))) + text[until:]
    return text.encode()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        mutated(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary()
    )
)
def test_any_file_is_a_universe_or_refused(tmp_path, content):
    """Whatever a file holds, it is read or refused with at least one problem; nothing else happens."""
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    refused = None
    try:
        universe = load(path)
    except BadFile as bad:
        refused = bad
    if refused is None:
        assert universe.sectors
        assert len(universe.sha256) == 64
    else:
        assert refused.problems
        assert refused.message.replace("\n       ", "").isprintable()
