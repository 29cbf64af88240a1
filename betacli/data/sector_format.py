"""The format of `sectors.yaml`: its keys, their types, bounds and meaning, and the JSON Schema for editors.

Each key is declared once, here. The reader in `sectors.py` takes key names, types and bounds from these structs; an
editor takes them from `json_schema()`. The home of msgspec.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from betacli.core.calendar import TIMEFRAMES_MS, parse_duration

# YAML 1.1 would also read `1_000`, `0x10`, `010` and `1:30` as numbers; none of them is one here.
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_NUMBER_LENGTH = 40

BASE_PATTERN = r"^[A-Za-z0-9$._-]{1,32}$"
PROXY_PATTERN = r"^[A-Za-z0-9$._-]{1,32}(\+[A-Za-z0-9$._-]{1,32}){0,7}$"
GROUP_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
SYMBOL_PATTERN = (
    r"^[A-Za-z0-9$._-]{1,32}/[A-Za-z0-9]{1,16}"
    r"(:[A-Za-z0-9]{1,16}(-[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01]))?)?$"
)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_duration(text: str) -> bool:
    try:
        return parse_duration(text) > 0
    except ValueError:
        return False


def _is_timeframe(text: str) -> bool:
    return text in TIMEFRAMES_MS


def _expected(words: str, check: Callable[[str], bool] | None = None) -> dict[str, Any]:
    return {"expected": words, "check": check}


_Above0 = Annotated[float, Meta(gt=0, extra=_expected("a number above 0"))]
_Number = Annotated[float, Meta(extra=_expected("a number"))]
_Highest = Annotated[float, Meta(gt=0, le=1, extra=_expected("a fraction above 0, up to 1"))]
_Lowest = Annotated[float, Meta(ge=-1, le=1, extra=_expected("a fraction from -1 to 1"))]
_Margin = Annotated[float, Meta(ge=0, lt=1, extra=_expected("a fraction from 0 to below 1"))]
_Limit = Annotated[float, Meta(ge=0, le=1e9, extra=_expected("a number from 0 to 1e9"))]
_Part = Annotated[float, Meta(ge=0, le=1, extra=_expected("a fraction from 0 to 1"))]
_Ratio = Annotated[float, Meta(gt=1, le=1e9, extra=_expected("a ratio above 1"))]
_Days = Annotated[float, Meta(gt=0, le=3650, extra=_expected("a number of days above 0, up to 3650"))]
_Count = Annotated[float, Meta(ge=2, le=1e9, extra=_expected("a number from 2 to 1e9"))]
_Flag = Annotated[bool, Meta(extra=_expected("`true` or `false`"))]
_Text = Annotated[str, Meta(min_length=1, max_length=500, extra=_expected("a text of up to 500 characters"))]
_Title = Annotated[str, Meta(min_length=1, max_length=100, extra=_expected("a text of up to 100 characters"))]
_Base = Annotated[
    str,
    Meta(pattern=BASE_PATTERN, extra=_expected("the name of an asset, up to 32 of `A-Z a-z 0-9 $ . _ -`")),
]
_Proxy = Annotated[
    str,
    Meta(
        pattern=PROXY_PATTERN,
        extra=_expected("an asset, several joined by `+`, `spot`, or an exchange"),
    ),
]
_Hold = Annotated[str, Meta(pattern=r"^spot$", extra=_expected("`spot`"))]
_Group = Annotated[
    str,
    Meta(
        pattern=GROUP_PATTERN, extra=_expected("a name of up to 32 of `a-z 0-9 _ -`, a letter or digit first")
    ),
]
_Id = Annotated[str, Meta(pattern=ID_PATTERN, extra=_expected("a name of letters, digits, `.`, `_` and `-`"))]
_Quote = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,16}$", extra=_expected("a currency such as `USDT`"))]
_Symbol = Annotated[
    str,
    Meta(
        pattern=SYMBOL_PATTERN,
        extra=_expected("ccxt's name of a market, such as `ETH/USDT:USDT` or `ETH/USDT`"),
    ),
]
_Date = Annotated[
    str,
    Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", extra=_expected("a date such as `2026-06-30`", _is_date)),
]
_Duration = Annotated[
    str, Meta(extra=_expected("a number and a unit, such as `90d`, `12h` or `2w`", _is_duration))
]
_Timeframe = Annotated[str, Meta(extra=_expected(f"one of `{'`, `'.join(TIMEFRAMES_MS)}`", _is_timeframe))]
_BenchmarkText = Annotated[_Base, Meta(description="one asset, or `universe`")]


class MemberSpec(Struct, forbid_unknown_fields=True, kw_only=True):
    """One asset: its name alone, or a mapping with more about it."""

    base: Annotated[_Base, Meta(description="The asset's name, as the exchange writes it.")]
    symbol: (
        Annotated[_Symbol, Meta(description="The exact market, where the name alone is not enough.")]
        | UnsetType
    ) = UNSET
    min_weight: Annotated[_Lowest, Meta(description="Smallest fraction of the basket.")] | UnsetType = UNSET
    max_weight: Annotated[_Highest, Meta(description="Largest fraction of the basket.")] | UnsetType = UNSET
    supply: Annotated[_Above0, Meta(description="Circulating supply in coins.")] | UnsetType = UNSET
    supply_as_of: Annotated[_Date, Meta(description="The date of `supply`.")] | UnsetType = UNSET
    cap_usd: Annotated[_Above0, Meta(description="Capitalisation in USD on that date.")] | UnsetType = UNSET
    proxy: (
        Annotated[
            _Proxy,
            Meta(
                description="What stands in when this one has no contract: an asset, `ETH+SOL`, `spot`, or an exchange."
            ),
        ]
        | UnsetType
    ) = UNSET
    hold: (
        Annotated[_Hold, Meta(description="`spot`: hold the coin itself and hedge its beta with futures.")]
        | UnsetType
    ) = UNSET
    weight: (
        Annotated[_Above0, Meta(description="Its share of `--weighting custom`, in any unit.")] | UnsetType
    ) = UNSET
    group: Annotated[_Group, Meta(description="The group it counts toward: see `groups`.")] | UnsetType = (
        UNSET
    )


MemberForm = MemberSpec | str | int


class GroupSpec(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the members of a group may weigh together."""

    min: Annotated[_Lowest, Meta(description="Smallest fraction of the basket.")] | UnsetType = UNSET
    max: Annotated[_Highest, Meta(description="Largest fraction of the basket.")] | UnsetType = UNSET


class SectorSpec(Struct, forbid_unknown_fields=True, kw_only=True):
    """A named group of assets."""

    members: Annotated[list[MemberForm], Meta(min_length=1, description="The assets, each once.")]
    title: Annotated[_Title, Meta(description="What the sector is called in reports.")] | UnsetType = UNSET
    groups: (
        Annotated[dict[_Group, GroupSpec], Meta(description="What groups of members may weigh together.")]
        | UnsetType
    ) = UNSET


class PlanSpec(Struct, forbid_unknown_fields=True, kw_only=True):
    """Flags under a name: each key is a command-line option without its dashes."""

    sector: list[_Group] | _Group | UnsetType = UNSET
    only: list[str | int] | str | UnsetType = UNSET
    benchmark: _Text | UnsetType = UNSET
    estimator: _Id | UnsetType = UNSET
    timeframe: _Timeframe | UnsetType = UNSET
    window: _Duration | UnsetType = UNSET
    half_life: _Duration | UnsetType = UNSET
    exchange: _Id | UnsetType = UNSET
    candles: _Text | UnsetType = UNSET
    target: _Number | UnsetType = UNSET
    notional: _Above0 | UnsetType = UNSET
    equity: _Above0 | UnsetType = UNSET
    leverage: _Above0 | UnsetType = UNSET
    weighting: _Id | UnsetType = UNSET
    min_weight: _Lowest | UnsetType = UNSET
    max_weight: _Highest | UnsetType = UNSET
    allow_short: _Flag | UnsetType = UNSET
    hedge_to: _Number | UnsetType = UNSET


class FileSpec(Struct, forbid_unknown_fields=True, kw_only=True):
    """A sector file. Everything is optional: what is left out comes from the next file, or is built in."""

    benchmark: (
        Annotated[
            _BenchmarkText | Annotated[dict[_Base, _Above0], Meta(min_length=1)] | int,
            Meta(
                description="What beta is measured against: one asset, weights that sum to 1, or `universe`."
            ),
        ]
        | UnsetType
    ) = UNSET
    exchange: (
        Annotated[_Id, Meta(description="Where prices come from: a ccxt id, or `sample`.")] | UnsetType
    ) = UNSET
    quote: Annotated[_Quote, Meta(description="The currency contracts are quoted in.")] | UnsetType = UNSET
    notional: Annotated[_Above0, Meta(description="Size of the basket in quote currency.")] | UnsetType = (
        UNSET
    )
    estimator: Annotated[_Id, Meta(description="How betas are measured.")] | UnsetType = UNSET
    max_weight: (
        Annotated[_Highest, Meta(description="Largest fraction of one asset in a basket.")] | UnsetType
    ) = UNSET
    maintenance_margin: (
        Annotated[
            _Margin, Meta(description="Your own assumption, as a fraction, where the exchange's is unknown.")
        ]
        | UnsetType
    ) = UNSET
    sectors: (
        Annotated[dict[_Group, SectorSpec], Meta(min_length=1, description="Assets by sector.")] | UnsetType
    ) = UNSET
    universe: (
        Annotated[
            list[MemberForm] | None,
            Meta(description="Assets of the `universe` benchmark that are in no sector."),
        ]
        | UnsetType
    ) = UNSET
    gates: (
        Annotated[dict[str, _Limit] | None, Meta(description="Thresholds of the data gates.")] | UnsetType
    ) = UNSET
    checklist: (
        Annotated[dict[str, _Limit] | None, Meta(description="Limits of the checklist.")] | UnsetType
    ) = UNSET
    exchange_options: (
        Annotated[
            dict[str, dict[str, Any] | None] | None,
            Meta(
                description="Per exchange, what ccxt is told: a proxy, a host. Never keys: none are needed."
            ),
        ]
        | UnsetType
    ) = UNSET
    plans: Annotated[dict[_Group, PlanSpec] | None, Meta(description="Options by name.")] | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Kind:
    """How the text of one field becomes a value: its Python type, its bounds, and both in words."""

    declared: Any
    python: type
    expected: str
    check: Callable[[str], bool] | None

    def read(self, text: str) -> float | str | None:
        """Return the value in a text, or None where the text is not one; booleans come as `bool`."""
        value: float | str
        if self.python is float:
            if len(text) > _NUMBER_LENGTH or not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
                return None
            value = float(text)
        elif self.python is bool:
            return {"true": True, "false": False}.get(text)
        else:
            if not text.isprintable() or (self.check is not None and not self.check(text)):
                return None
            value = text
        try:
            msgspec.convert(value, self.declared)
        except msgspec.ValidationError:
            return None
        return value


def _kind(annotation: Any) -> Kind | None:
    """Return the kind of an annotation such as `Annotated[float, Meta(…)]`, None where it is no scalar."""
    metas: tuple[Any, ...] = getattr(annotation, "__metadata__", ())
    told = next((meta.extra for meta in metas if getattr(meta, "extra", None)), None)
    if told is None:
        return None
    return Kind(annotation, annotation.__origin__, told["expected"], told["check"])


def _range(annotation: Any) -> dict[str, Any]:
    """Return the JSON Schema of a number within bounds."""
    schema: dict[str, Any] = msgspec.json.schema(annotation)
    return {key: bound for key, bound in schema.items() if not key.startswith("$")}


@cache
def keys(struct: type[Struct]) -> Mapping[str, Kind | None]:
    """Return the keys of a struct in order, each with its kind, or None where its value is not a scalar."""
    found: dict[str, Kind | None] = {}
    for name, hint in get_type_hints(struct, include_extras=True).items():
        parts = [part for part in get_args(hint) if part is not UnsetType]
        optional = UnsetType in get_args(hint)
        found[name] = _kind(parts[0] if optional and len(parts) == 1 else hint)
    return found


def kind(annotation: Any) -> Kind:
    """Return the kind of one of the annotated scalars below."""
    found = _kind(annotation)
    if found is None:
        raise TypeError(annotation)
    return found


BASE = kind(_Base)
GROUP = kind(_Group)
ID = kind(_Id)
NUMBER = kind(_Number)
WEIGHT = kind(_Above0)
TEXT = kind(_Text)
LIMIT = kind(_Limit)  # what a threshold may be, unless one of these says otherwise
_THRESHOLDS: Mapping[str, Any] = {
    "min_coverage": _Highest,
    "redenomination": _Ratio,  # of two closes: at 1, every bar would be another unit of account
    "volume_unit": _Ratio,
    "note_flat_bars": _Count,
    "low_r_squared": _Part,
    "sector_r_squared_warn": _Part,
    "sector_r_squared_fail": _Part,
    "hedge_r_squared_fail": _Part,
    "proxy_r_squared": _Part,
    "same_coin_correlation": _Part,
    "exit_participation": _Highest,  # what days to exit are divided by
    "rebalance_days": _Days,
}
_OPTIONS: Mapping[type, Kind | None] = {str: TEXT, float: NUMBER, bool: kind(_Flag), tuple: None}


def threshold(name: str) -> Kind:
    """Return what a gate or a limit of the checklist may be."""
    return kind(_THRESHOLDS[name]) if name in _THRESHOLDS else LIMIT


def plan_keys(options: Mapping[str, type]) -> dict[str, Kind | None]:
    """Return the keys of a plan: those declared here, and the command line's other options by their type."""
    return {name: _OPTIONS[option] for name, option in options.items()} | dict(keys(PlanSpec))


def json_schema(options: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a sector file, for the completion and the checks of editors.

    `options` are the command line's options by name with their types, as in `KnownNames`: a plan may have them all.
    """
    schema = msgspec.json.schema(FileSpec)
    texts = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    forms: dict[type, Any] = {str: {"type": "string"}, float: {"type": "number"}, bool: {"type": "boolean"}}
    properties = schema["$defs"]["PlanSpec"]["properties"]
    for name, option in (options or {}).items():
        properties.setdefault(name, forms.get(option, texts))
    ranges = {name: _range(annotation) for name, annotation in _THRESHOLDS.items()}
    for key in ("gates", "checklist"):
        for form in schema["$defs"]["FileSpec"]["properties"][key]["anyOf"]:
            if form.get("type") == "object":
                form["properties"] = ranges
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "betacli sectors.yaml",
        **schema,
    }
