"""What a sector file may not say: each thing is refused with its line and column, all of them at once."""

import os
import time

import pytest
import yaml

from betacli.core.liquidity import LIMITS
from betacli.core.thresholds import BASIC
from betacli.data.gates import GATES
from betacli.data.sector_format import threshold
from betacli.data.sectors import check_file, json_schema
from betacli.errors import BadFile
from data.sector_files import SMALLEST, load


@pytest.fixture
def problems(write):
    """The problems of a text as `line:column what`, and their hints, each once."""

    def _problems(text: str | bytes, **names) -> tuple[list[str], str | None]:
        with pytest.raises(BadFile) as caught:
            load(write(text), **names)
        assert caught.value.exit_code == 2
        return [f"{p.line}:{p.column} {p.what}" for p in caught.value.problems], "; ".join(
            dict.fromkeys(p.hint for p in caught.value.problems if p.hint)
        ) or None

    return _problems


ABOVE_0 = "expected a number above 0"
FRACTION = "expected a fraction above 0, up to 1"
LOWEST = "expected a fraction from -1 to 1"
ASSET = "expected the name of an asset, up to 32 of `A-Z a-z 0-9 $ . _ -`"
GROUP = "expected a name of up to 32 of `a-z 0-9 _ -`, a letter or digit first"
DATE = "expected a date such as `2026-06-30`"
TIMEFRAME = "expected one of `1m`, `3m`, `5m`, `15m`, `30m`, `1h`, `2h`, `4h`, `6h`, `8h`, `12h`, `1d`"
MARKET = "expected ccxt's name of a market, such as `ETH/USDT:USDT` or `ETH/USDT`"

TOP_LEVEL = {
    "number": ("notional: lots", ["1:11 `notional` is `lots`: " + ABOVE_0]),
    "underscore": ("notional: 1_000", ["1:11 `notional` is `1_000`: " + ABOVE_0]),
    "hex": ("notional: 0x10", ["1:11 `notional` is `0x10`: " + ABOVE_0]),
    "octal": ("notional: 010", ["1:11 `notional` is `010`: " + ABOVE_0]),
    "sexagesimal": ("notional: 1:30", ["1:11 `notional` is `1:30`: " + ABOVE_0]),
    "nan": ("notional: .nan", ["1:11 `notional` is `.nan`: " + ABOVE_0]),
    "inf": ("notional: inf", ["1:11 `notional` is `inf`: " + ABOVE_0]),
    "overflow": ("notional: 1e400", ["1:11 `notional` is `1e400`: " + ABOVE_0]),
    "dot": ("notional: .", ["1:11 `notional` is `.`: " + ABOVE_0]),
    "zero": ("notional: 0", ["1:11 `notional` is `0`: " + ABOVE_0]),
    "negative": ("notional: -5", ["1:11 `notional` is `-5`: " + ABOVE_0]),
    "null": ("notional: null", ["1:11 `notional` has no value: " + ABOVE_0]),
    "tilde": ("notional: ~", ["1:11 `notional` has no value: " + ABOVE_0]),
    "empty value": ("notional:", ["1:10 `notional` has no value: " + ABOVE_0]),
    "list": ("notional: [1]", ["1:11 `notional` is a list: " + ABOVE_0]),
    "max_weight": ("max_weight: 1.01", ["1:13 `max_weight` is `1.01`: " + FRACTION]),
    "margin": (
        "maintenance_margin: 1",
        ["1:21 `maintenance_margin` is `1`: expected a fraction from 0 to below 1"],
    ),
    "exchange": (
        "exchange: 'a b'",
        ["1:11 `exchange` is `a b`: expected a name of letters, digits, `.`, `_` and `-`"],
    ),
    "newline": (
        'quote: "USDT\\n"',
        ["1:8 `quote` is `USDT`: holds a line break, which is not allowed here"],
    ),
    "benchmark null": ("benchmark:", ["1:11 `benchmark` has no value: " + ASSET]),
    "benchmark list": ("benchmark: [BTC]", ["1:12 `benchmark` is a list: " + ASSET]),
    "benchmark empty": ("benchmark: {}", ["1:12 `benchmark` is empty: " + ASSET]),
    "benchmark sum": (
        "benchmark: {BTC: 0.6, ETH: 0.3}",
        ["1:12 the weights of `benchmark` sum to 0.9, not to 1"],
    ),
    "benchmark weights": (
        "benchmark: {BTC: 0, 'E H': 1}",
        ["1:18 `BTC` is `0`: " + ABOVE_0, "1:21 `E H` cannot name an asset: " + ASSET],
    ),
    "benchmark mixed": (
        "benchmark: {universe: 1}",
        ["1:13 `universe` cannot be one of several benchmark assets"],
    ),
    "benchmark universe": (
        "benchmark: universe",
        ["1:12 `benchmark` is `universe`, but no asset has a `supply`"],
    ),
    "duplicate key": ("quote: A\nquote: B", ["2:1 `quote` is given twice; the first is at line 1"]),
    "unknown key": ("notionl: 5", ["1:1 unknown key `notionl`"]),
    "secret at the top": ("apiKey: abc", ["1:1 `apiKey` does not belong here: betacli needs no keys"]),
    "merge key": ("gates: {<<: {a: 1}}", ["1:9 merge keys (`<<`) are not allowed: write the keys out"]),
    "tag": ("notional: !!int 5", ["1:11 tags (`!…`) are not allowed"]),
    "python tag": (
        "quote: !!python/object/apply:os.system [x]",
        [
            "1:8 tags (`!…`) are not allowed",
            "1:8 `quote` is a list: expected a currency such as `USDT`",
        ],
    ),
    "key is a list": ("? [a]\n: 1", ["1:3 a key must be a name, not a list or a mapping"]),
    "two documents": ("quote: A\n---\nquote: B", ["2:1 a second document: one file holds one"]),
    "undefined alias": ("quote: *q", ["1:8 an alias (`*…`) has no anchor (`&…`) before it"]),
    "recursion": ("gates: &g {a: *g}", ["1:15 an alias (`*…`) stands inside its own anchor"]),
    "control character": ("quote: U\x07", ["1:9 the character U+0007 is not allowed in YAML"]),
    "gates list": ("gates: [1]", ["1:8 `gates` is a list: expected a mapping"]),
    "gate value": (
        "gates: {max_age_bars: soon}",
        ["1:23 `max_age_bars` is `soon`: expected a number from 0 to 1e9"],
    ),
    "options": ("exchange_options: {bybit: 5}", ["1:27 `bybit` is a single value: expected a mapping"]),
    "plan flag": ("plans: {a: {targt: 1}}", ["1:13 unknown key `targt`"]),
    "plan name": ("plans: {a b: {}}", ["1:9 `a b` cannot name a plan: " + GROUP]),
    "plan values": (
        "plans: {a: {target: x, window: banana, allow_short: yes, only: [], timeframe: 7h}}",
        [
            "1:21 `target` is `x`: expected a number",
            "1:32 `window` is `banana`: expected a number and a unit, such as `90d`, `12h` or `2w`",
            "1:53 `allow_short` is `yes`: expected `true` or `false`",
            "1:64 `only` is empty: expected a list of assets",
            "1:79 `timeframe` is `7h`: " + TIMEFRAME,
        ],
    ),
    "plan sector": ("plans: {a: {sector: l2}}", ["1:21 there is no sector `l2`"]),
}


@pytest.mark.parametrize(("text", "expected"), TOP_LEVEL.values(), ids=TOP_LEVEL)
def test_bad_keys(problems, text, expected):
    """A bad key beside good sectors is one problem, at its line and column (the sectors come after it)."""
    assert problems(f"{text}\n{SMALLEST}" if "---" not in text else text)[0] == expected


MEMBERS = {
    "weight": ("{base: ETH, max_weight: 2}", ["1:49 `max_weight` is `2`: " + FRACTION]),
    "low weight": ("{base: ETH, min_weight: -2}", ["1:49 `min_weight` is `-2`: " + LOWEST]),
    "order": (
        "{base: ETH, min_weight: 0.5, max_weight: 0.3}",
        ["1:49 `min_weight` 0.5 is above `max_weight` 0.3"],
    ),
    "supply alone": ("{base: ETH, supply: 5}", ["1:45 `supply` of `ETH` needs `supply_as_of` beside it"]),
    "date alone": (
        "{base: ETH, supply_as_of: 2025-01-01}",
        ["1:51 `supply_as_of` of `ETH` needs `supply` beside it"],
    ),
    "date": (
        "{base: ETH, supply: 5, supply_as_of: 2025-02-30}",
        ["1:62 `supply_as_of` is `2025-02-30`: " + DATE],
    ),
    "short date": (
        "{base: ETH, supply: 5, supply_as_of: 20250101}",
        ["1:62 `supply_as_of` is `20250101`: " + DATE],
    ),
    "cap": ("{base: ETH, cap_usd: 0}", ["1:46 `cap_usd` is `0`: " + ABOVE_0]),
    "symbol": ("{base: ETH, symbol: ETHUSDT}", ["1:45 `symbol` is `ETHUSDT`: " + MARKET]),
    "symbol date": (
        "{base: ETH, symbol: 'ETH/USDT:USDT-261301'}",
        ["1:45 `symbol` is `ETH/USDT:USDT-261301`: " + MARKET],
    ),
    "own proxy": ("{base: ETH, proxy: ETH}", ["1:44 `ETH` cannot be its own proxy"]),
    "unknown proxy": ("{base: ETH, proxy: XYZ}", ["1:44 the proxy `XYZ` is no asset of this file"]),
    "no base": ("{max_weight: 0.1}", ["1:25 a member has no `base`"]),
    "null base": ("{base: null}", ["1:32 `base` has no value: " + ASSET]),
    "null": ("null", ["1:25 `a member` has no value: " + ASSET]),
    "nested list": ("[ETH]", ["1:25 `a member` is a list: " + ASSET]),
    "market as name": ("ETH/USDT", ["1:25 `a member` is `ETH/USDT`: " + ASSET]),
    "unknown key": ("{base: ETH, suply: 5}", ["1:37 unknown key `suply`"]),
    "repeated": ("ETH, SOL, ETH", ["1:35 `ETH` is here twice; the first is at line 1"]),
    "long": ("A" * 33, [f"1:25 `a member` is `{'A' * 33}`: " + ASSET]),
}


@pytest.mark.parametrize(("member", "expected"), MEMBERS.values(), ids=MEMBERS)
def test_bad_members(problems, member, expected):
    """A bad member is a problem at the place of what is wrong with it."""
    assert problems(f"sectors: {{a: {{members: [{member}]}}}}")[0] == expected


WHOLE_FILES = {
    "empty": ("", ["None:None the file is empty"]),
    "comment": ("# nothing\n", ["None:None the file is empty"]),
    "null": ("---\n", ["None:None the file is empty"]),
    "text": ("hello", ["1:1 the file is a single value: expected keys such as `sectors:`"]),
    "list": ("- ETH", ["1:1 the file is a list: expected keys such as `sectors:`"]),
    "no sectors": ("notional: 5", ["None:None there are no `sectors`, here or in a file below"]),
    "sectors null": ("sectors:", ["1:9 `sectors` has no value: expected a mapping"]),
    "sectors empty": ("sectors: {}", ["1:10 `sectors` is empty: expected a mapping"]),
    "sectors list": ("sectors: [l1]", ["1:10 `sectors` is a list: expected a mapping"]),
    "sector null": ("sectors:\n  l1:\n", ["2:6 the sector `l1` has no `members`"]),
    "sector list": ("sectors: {l1: [ETH]}", ["1:15 `l1` is a list: expected a mapping"]),
    "members empty": (
        "sectors: {l1: {members: []}}",
        ["1:25 `members` is empty: expected a list of assets"],
    ),
    "members null": (
        "sectors: {l1: {members: }}",
        ["1:25 `members` has no value: expected a list of assets"],
    ),
    "sector name": (
        "sectors: {-l1: {members: [ETH]}}",
        ["1:11 `-l1` cannot name a sector: " + GROUP],
    ),
    "sector twice": (
        "sectors:\n  l1: {members: [ETH]}\n  l2: {members: [ETH]}\n  l1: {members: [SOL]}\n",
        ["4:3 `l1` is given twice; the first is at line 2"],
    ),
    "sector case": (
        "sectors: {l1: {members: [ETH]}, L1: {members: [SOL]}}",
        ["1:33 `L1` differs only in case from `l1` at line 1"],
    ),
    "conflicting facts": (
        """sectors:
  a: {members: [{base: X, symbol: X/USDT, supply: 5, supply_as_of: 2025-01-01}]}
  b: {members: [{base: X, symbol: X/USDC, supply: 6, supply_as_of: 2025-01-01}]}
""",
        [
            "3:35 `symbol` of `X` differs from line 2: `X/USDC` here, `X/USDT` there",
            "3:51 `supply` of `X` differs from line 2: `6` here, `5` there",
        ],
    ),
    "syntax": (
        "sectors: {l1: {members: [ETH}}",
        ["1:29 not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence)"],
    ),
    "tab": (
        "sectors:\n\tl1: 1\n",
        [
            "2:1 not valid YAML: found character that cannot start any token (while scanning for the next token)"
        ],
    ),
    "brackets": ("[" * 900 + "]" * 900, ["1:33 nested deeper than 32 levels"]),
    "braces": ("{a: " * 100_000, ["1:129 nested deeper than 32 levels"]),
    "dashes": ("- " * 100_000, ["1:65 nested deeper than 32 levels"]),
    "alias depth": (
        "a: &a [" + "[" * 20 + "]" * 21 + "\nb: " + "[" * 12 + "*a" + "]" * 12,
        ["2:16 nested deeper than 32 levels"],
    ),
    "laughs": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
        ["5:25 more than 50,000 values, or too much text, once aliases are expanded"],
    ),
    "long laughs": (
        f"exchange_options: {{a: {{x: &x {'y' * 900_000}, z: [{', '.join(['*x'] * 1000)}]}}}}",
        ["1:900052 more than 50,000 values, or too much text, once aliases are expanded"],
    ),
    "utf-16": ("sectors: 1".encode("utf-16"), ["None:None is a binary file, not YAML text"]),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0", ["None:None is a binary file, not YAML text"]),
    "latin-1": ("a: 1\n# Größe".encode("latin-1"), ["2:5 byte 0xf6 is not UTF-8 text"]),
    "large": ("# " + "x" * (1024 * 1024), ["None:None is larger than 1 MiB"]),
}


@pytest.mark.parametrize(("text", "expected"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_bad_files(problems, text, expected):
    """What cannot be a sector file is refused, with its place where it has one."""
    if text in {WHOLE_FILES["syntax"][0], WHOLE_FILES["tab"][0]} and not yaml.__with_libyaml__:
        pytest.skip("the parser's own words are those of libyaml")
    assert problems(text)[0] == expected


def test_a_hundred_thousand_brackets_are_too_deep_wherever_the_parser_gives_up(problems):
    """The parser looks a thousand brackets ahead and may stop there; what is wrong is said in the same words."""
    (found,), _ = problems("[" * 100_000)
    assert found.partition(" ")[2] == "nested deeper than 32 levels"


def test_all_problems_at_once(problems):
    """Every problem of a file is reported in one go, in the order of the file, with the hints."""
    found, hint = problems(
        "benchmrk: BTC\nnotional: -1\nsectors:\n  l1:\n    members: [ETH, ETH]\n    titel: x\nmax_weight: 2\n"
    )
    assert found == [
        "1:1 unknown key `benchmrk`",
        "2:11 `notional` is `-1`: " + ABOVE_0,
        "5:20 `ETH` is here twice; the first is at line 5",
        "6:5 unknown key `titel`",
        "7:13 `max_weight` is `2`: " + FRACTION,
    ]
    assert hint == "did you mean `benchmark`?; did you mean `title`?"


def test_thousands_of_problems(problems):
    """A file full of problems shows the first hundred and counts the rest, quickly."""
    start = time.perf_counter()
    members = ", ".join(f"{{base: A{n}, proxy: B{n}}}" for n in range(5000))
    found, _ = problems(f"sectors: {{a: {{members: [{members}]}}}}")
    assert len(found) == 101
    assert found[-1] == "None:None 4900 more problems follow"
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "key", ["apiKey", "secret", "password", "privateKey", "walletAddress", "token", "API_KEY", "api-key"]
)
@pytest.mark.parametrize(
    "form", ["{{binanceusdm: {{{}: hunter2}}}}", "{{binanceusdm: {{a: [{{{}: hunter2}}]}}}}"]
)
def test_secrets(problems, key, form):
    """Credentials are refused at any depth, and their value is never repeated."""
    found, hint = problems(f"exchange_options: {form.format(key)}\n{SMALLEST}")
    assert len(found) == 1
    assert f"`{key}` does not belong here: betacli needs no keys" in found[0]
    assert "hunter2" not in f"{found} {hint}"


@pytest.mark.parametrize(
    "text",
    [
        "exchange_options: {binanceusdm: hunter2}",
        "exchange_options: hunter2",
        "gates: {apiKey: hunter2}",
        "apiKey: hunter2",
        "plans: {a: {secret: hunter2}}",
        "exchange_options: {binanceusdm: {secret: *hunter2}}",
        "exchange_options: {binanceusdm: {secret: !hunter2 x}}",
        "exchange_options: {binanceusdm: {secret: 'hunter2}}",
    ],
)
def test_secrets_in_the_wrong_place(problems, text):
    """A secret that was put anywhere near where others put theirs is refused without being repeated."""
    found, hint = problems(f"{text}\n{SMALLEST}")
    assert found
    assert "hunter2" not in f"{found} {hint}"


def test_known_names(problems):
    """Where the caller says which names there are, others are problems with a suggestion."""
    found, hint = problems(
        "exchange: binanceusd\nestimator: ols-9d\ngates: {max_age: 1}\nchecklist: {depht: 1}\n"
        "exchange_options: {bibit: {}}\nplans: {p: {estimator: x, exchange: bybit}}\n" + SMALLEST,
        estimators=["ols-90d"],
        exchanges=["binanceusdm", "bybit"],
        gates=["max_age_bars"],
        checks=["depth"],
    )
    assert found == [
        "1:11 there is no exchange `binanceusd`",
        "2:12 there is no estimator `ols-9d`",
        "3:9 there is no gate `max_age`",
        "4:13 there is no check `depht`",
        "5:20 there is no exchange `bibit`",
        "6:24 there is no estimator `x`",
    ]
    assert hint is not None
    for name in ("binanceusdm", "ols-90d", "max_age_bars", "depth", "bybit"):
        assert f"did you mean `{name}`?" in hint


def test_foreign_text_is_inert(problems):
    """Escape and bidi characters of a file do not reach the terminal."""
    found, hint = problems('"a\\e[31m\\u202eb": 1\n' + SMALLEST)
    assert found == ["1:1 unknown key `a [31m b`"]
    assert "\x1b" not in str(hint)


def test_files_that_are_no_files(tmp_path):
    """A missing file, a folder, a pipe and a link to nowhere are refused without waiting."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    expected = {
        "missing": "there is no such file",
        "folder": "is not a regular file",
        "pipe": "is not a regular file",
        "link": "there is no such file",
        "folder/\0": "cannot be read: embedded null byte",
    }
    for name, what in expected.items():
        for read in (load, check_file):
            with pytest.raises(BadFile) as caught:
                read(tmp_path / name)
            assert [problem.what for problem in caught.value.problems] == [what]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(write):
    """A file without permission is refused with the system's reason."""
    path = write(SMALLEST)
    path.chmod(0)
    with pytest.raises(BadFile, match="cannot be read: Permission denied"):
        load(path)


# --- thresholds ---------------------------------------------------------------------------------------------------

LIMIT, PART = "expected a number from 0 to 1e9", "expected a fraction from 0 to 1"
RATIO = "expected a ratio above 1"
THRESHOLDS = {
    "gates: {max_age_bars: -1}": "1:23 `max_age_bars` is `-1`: " + LIMIT,
    "gates: {min_coverage: 1.01}": "1:23 `min_coverage` is `1.01`: " + FRACTION,
    "gates: {min_coverage: 0}": "1:23 `min_coverage` is `0`: " + FRACTION,
    "gates: {redenomination: 0}": "1:25 `redenomination` is `0`: " + RATIO,
    "gates: {volume_unit: 1}": "1:22 `volume_unit` is `1`: " + RATIO,
    "gates: {note_flat_bars: 1}": "1:25 `note_flat_bars` is `1`: expected a number from 2 to 1e9",
    "gates: {note_jump: -0.1}": "1:20 `note_jump` is `-0.1`: " + LIMIT,
    "checklist: {exit_participation: 0}": "1:33 `exit_participation` is `0`: " + FRACTION,
    "checklist: {drift_band: -0.2}": "1:25 `drift_band` is `-0.2`: " + LIMIT,
    "checklist: {proxy_r_squared: 1.5}": "1:30 `proxy_r_squared` is `1.5`: " + PART,
    "checklist: {same_coin_correlation: 2}": "1:36 `same_coin_correlation` is `2`: " + PART,
    "checklist: {min_members: 1e10}": "1:26 `min_members` is `1e10`: " + LIMIT,
    "checklist: {rebalance_days: 0}": "1:29 `rebalance_days` is `0`: expected a number of days above 0, up to 3650",
    "checklist: {rebalance_days: 1e300}": (
        "1:29 `rebalance_days` is `1e300`: expected a number of days above 0, up to 3650"
    ),
}


@pytest.mark.parametrize("text", THRESHOLDS)
def test_a_threshold_that_means_nothing(problems, text: str) -> None:
    """Refused where it stands, not met as a division by zero when a basket is judged."""
    assert problems(f"{text}\nsectors: {{l1: {{members: [ETH]}}}}\n")[0] == [THRESHOLDS[text]]


def test_the_editor_knows_the_ranges_of_thresholds() -> None:
    """The JSON Schema has the same bounds: in general, and of those that have their own."""
    top = json_schema()["$defs"]["FileSpec"]["properties"]
    for key in ("gates", "checklist"):
        (form,) = [each for each in top[key]["anyOf"] if each.get("type") == "object"]
        assert form["additionalProperties"] == {"type": "number", "minimum": 0, "maximum": 1e9}
        assert form["properties"]["exit_participation"] == {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
        }
        assert form["properties"]["low_r_squared"] == {"type": "number", "minimum": 0, "maximum": 1}


def test_every_threshold_that_is_built_in_is_in_range() -> None:
    """What a file may say includes what holds where it says nothing."""
    for name, value in {**GATES, **BASIC, **LIMITS}.items():
        assert threshold(name).read(f"{value:.12g}") == value, name


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ('"a\\tb"', "holds a tab"),
        ('"a\\nb"', "holds a line break"),
        ('"a\\u200bb"', "holds the character U+200B"),
        ("|\n      two\n      lines", "holds a line break"),
    ],
)
def test_a_text_with_a_character_that_cannot_be_seen_says_so(problems, title: str, why: str) -> None:
    """A length of three is no reason to be told of a hundred."""
    (found,) = problems(f"sectors:\n  l1:\n    title: {title}\n    members: [ETH]\n")[0]
    assert found.startswith("3:12 `title` is `")
    assert f": {why}, which is not allowed here" in found


def test_each_hint_stands_under_its_own_problem(write) -> None:
    """Two typos, two suggestions, each where it belongs; one problem keeps its hint apart."""
    with pytest.raises(BadFile) as caught:
        load(write("notionl: 5\nquota: USDT\nsectors: {l1: {members: [ETH]}}\n"))
    lines = [line.strip() for line in caught.value.message.split("\n")]
    assert lines[0].endswith(":1:1: unknown key `notionl`")
    assert lines[1] == "hint: did you mean `notional`?"
    assert lines[2].endswith(":2:1: unknown key `quota`")
    assert lines[3] == "hint: did you mean `quote`?"
    assert caught.value.hint is None
    with pytest.raises(BadFile) as caught:
        load(write("notionl: 5\nsectors: {l1: {members: [ETH]}}\n"))
    assert "hint:" not in caught.value.message
    assert caught.value.hint == "did you mean `notional`?"
