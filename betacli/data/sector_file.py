"""One sector file → what it says, or every problem in it at once, each with line and column.

`yaml_nodes` turns the file into nodes that know their place; the functions here read the nodes by the declarations of
`sector_format`, with a `Reader` that collects problems instead of stopping at the first.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from betacli.core.model import Benchmark, GroupLimit, Member, Sector
from betacli.data import sector_format as form
from betacli.data.node_reader import NAME_LENGTH, KnownNames, Reader, in_order, shape
from betacli.data.yaml_nodes import Items, Node, Pairs, Scalar, compose, read_text
from betacli.errors import BadFile, Problem, safe

BUILT_IN: Mapping[str, Any] = {
    "benchmark": Benchmark(weights={"BTC": 1.0}),
    "exchange": "binanceusdm",
    "quote": "USDT",
    "notional": 100_000.0,
    "estimator": "welch-vasicek-4h",
    "max_weight": 0.40,
    "maintenance_margin": None,
}

LAYERED = ("gates", "checklist", "exchange_options", "plans")

SPOT = "spot"  # as a proxy: the coin's own spot market

# What is true of an asset wherever it is a member; a supply and its date are one fact.
FACTS = (("symbol",), ("supply", "supply_as_of"), ("cap_usd",))

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorFile:
    """What one file says; a scalar, `sectors` or `others` that it does not mention is left out or None.

    `lines` has the line of every key, and of the names below a layered one as `gates.min_days`.
    """

    path: str
    scalars: Mapping[str, Any]
    sectors: tuple[Sector, ...] | None
    others: tuple[Member, ...] | None
    layered: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, int]

    @property
    def members(self) -> Iterable[Member]:
        """Every member of the file."""
        return (*(self.others or ()), *(member for sector in self.sectors or () for member in sector.members))


def read_file(path: Path, known: KnownNames) -> SectorFile:
    """Return what a file says.

    Raises:
        BadFile: it cannot be read, or has problems.
    """
    root, problems = compose(read_text(path))
    reader = Reader(known=known, problems=problems)
    file = _file(reader, root, safe(path)) if root is not None or not problems else None
    if file is None or reader.problems:
        raise BadFile(path=safe(path), problems=in_order(reader.problems))
    return file


def _file(reader: Reader, root: Node | None, path: str) -> SectorFile | None:
    if root is None or (isinstance(root, Scalar) and root.is_null):
        reader.problems.append(
            Problem(what="the file is empty", hint="`betacli init` writes one to start from")
        )
        return None
    if not isinstance(root, Pairs):
        reader.report(root, f"the file {shape(root)}: expected keys such as `sectors:`")
        return None
    kinds = form.keys(form.FileSpec)
    nodes = reader.fields(root, kinds)
    scalars = reader.values(nodes, kinds)
    for key, what, known in (
        ("exchange", "exchange", reader.known.exchanges),
        ("estimator", "estimator", reader.known.estimators),
    ):
        if key in scalars:
            reader.expect_known(nodes[key], what, scalars[key], known)
    if "benchmark" in nodes and (benchmark := _benchmark(reader, nodes["benchmark"])):
        scalars["benchmark"] = benchmark
    sectors = _sectors(reader, nodes["sectors"]) if "sectors" in nodes else None
    others = (
        _members(reader, nodes["universe"], "universe", may_be_empty=True) if "universe" in nodes else None
    )
    file = SectorFile(
        path=path,
        scalars=scalars,
        sectors=sectors,
        others=others,
        layered=_layered(reader, nodes, sectors),
        lines=_lines(root),
    )
    _check_whole(reader, nodes, file)
    return file


def _lines(root: Pairs) -> dict[str, int]:
    """Return the line of each key, and of each name below one, as `gates.min_days`."""
    lines: dict[str, int] = {}
    for key, value in root.pairs:
        lines[key.text] = key.line
        below = value.pairs if key.text in LAYERED and isinstance(value, Pairs) else ()
        lines |= {f"{key.text}.{name.text}": name.line for name, _ in below}
    return lines


def _layered(
    reader: Reader, nodes: Mapping[str, Node], sectors: tuple[Sector, ...] | None
) -> dict[str, dict[str, Any]]:
    nothing = Pairs(0, 0, ())
    gates, checklist, options, plans = (nodes.get(key, nothing) for key in LAYERED)
    return {
        "gates": _thresholds(reader, gates, "gates", "gate", reader.known.gates),
        "checklist": _thresholds(reader, checklist, "checklist", "check", reader.known.checks),
        "exchange_options": _exchange_options(reader, options),
        "plans": _plans(reader, plans, sectors),
    }


def _check_whole(reader: Reader, nodes: Mapping[str, Node], file: SectorFile) -> None:
    """Check what takes the whole file: proxies that exist, and a `universe` benchmark that holds something."""
    benchmark = file.scalars.get("benchmark", BUILT_IN["benchmark"])
    known = {member.base for member in file.members} | set(benchmark.weights)
    for node, proxy in reader.proxies:
        for part in proxy.split("+"):
            if part not in known:
                hint = reader.near(
                    part, known, "name an asset of this file, the benchmark, `spot` or an exchange"
                )
                reader.report(node, f"the proxy `{part}` is no asset of this file", hint)
    if benchmark.is_universe and file.sectors is not None and all(m.supply is None for m in file.members):
        hint = "give `supply` and `supply_as_of` to the assets it should hold"
        reader.report(nodes["benchmark"], "`benchmark` is `universe`, but no asset has a `supply`", hint)


def _benchmark(reader: Reader, node: Node) -> Benchmark | None:
    if not isinstance(node, Pairs) or not node.pairs:
        base = reader.value(node, "benchmark", form.BASE)
        return None if base is None else Benchmark(weights={} if base == "universe" else {base: 1.0})
    before = len(reader.problems)
    weights: dict[str, float] = {}
    for key, value in node.pairs:
        base = reader.name(key, "an asset", form.BASE)
        if base == "universe":
            reader.report(key, "`universe` cannot be one of several benchmark assets")
        weight = reader.value(value, safe(key.text, NAME_LENGTH), form.WEIGHT)
        if base is not None and weight is not None:
            weights[base] = weight
    if len(reader.problems) > before:
        return None
    total = math.fsum(weights.values())
    if abs(total - 1) > _SUM_TOLERANCE:
        reader.report(node, f"the weights of `benchmark` sum to {total:.10g}, not to 1")
    return Benchmark(weights=weights)


def _names(reader: Reader, node: Pairs, what: str) -> Iterable[tuple[str, Node]]:
    """Yield the names of a mapping with their values; report what cannot be a name, or differs only in case."""
    seen: dict[str, Scalar] = {}
    for key, value in node.pairs:
        name = reader.name(key, what, form.GROUP)
        if name is None:
            continue
        first = seen.setdefault(name.casefold(), key)
        if first is not key:
            reader.report(key, f"`{name}` differs only in case from `{first.text}` at line {first.line}")
        yield name, value


def _sectors(reader: Reader, node: Node) -> tuple[Sector, ...]:
    found = []
    mapping = reader.pairs(node, "sectors")
    for name, value in _names(reader, mapping, "a sector") if mapping else ():
        body = reader.pairs(value, name, may_be_empty=True)
        if body is None:
            continue
        nodes = reader.fields(body, form.keys(form.SectorSpec))
        if "members" not in nodes:
            reader.report(value, f"the sector `{name}` has no `members`", "write `members: [ETH, SOL]`")
            continue
        title = reader.values(nodes, form.keys(form.SectorSpec)).get("title", name)
        members = _members(reader, nodes["members"], "members")
        groups = _groups(reader, nodes["groups"], members) if "groups" in nodes else ()
        found.append(Sector(name=name, title=title, members=members, groups=groups))
    return tuple(found)


def _groups(reader: Reader, node: Node, members: tuple[Member, ...]) -> tuple[GroupLimit, ...]:
    """Return the limits of a sector's groups; report a group that no member is in."""
    found = []
    kinds = form.keys(form.GroupSpec)
    known = sorted({member.group for member in members if member.group})
    mapping = reader.pairs(node, "groups")
    for name, value in _names(reader, mapping, "a group") if mapping else ():
        body = reader.pairs(value, name)
        if body is None:
            continue
        nodes = reader.fields(body, kinds)
        limits = reader.values(nodes, kinds)
        low, high = limits.get("min"), limits.get("max")
        if low is not None and high is not None and low > high:
            reader.report(nodes["min"], f"`min` {low:g} of the group `{name}` is above its `max` {high:g}")
        if name not in known:
            hint = reader.near(name, known, f"give a member `group: {name}`")
            reader.report(value, f"no member is in the group `{name}`", hint)
        found.append(GroupLimit(name=name, min_weight=low, max_weight=high))
    return tuple(found)


def _members(reader: Reader, node: Node, name: str, *, may_be_empty: bool = False) -> tuple[Member, ...]:
    items = reader.items(node, name, may_be_empty=may_be_empty)
    found: dict[str, tuple[Member, Node]] = {}
    for item in items.nodes if items else ():
        member = _member(reader, item)
        if member is None:
            continue
        first = found.setdefault(member.base, (member, item))[1]
        if first is not item:
            reader.report(item, f"`{member.base}` is here twice; the first is at line {first.line}")
    return tuple(member for member, _ in found.values())


def _member(reader: Reader, node: Node) -> Member | None:
    if not isinstance(node, Pairs):
        base = reader.value(node, "a member", form.BASE)
        return None if base is None else Member(base=base)
    kinds = form.keys(form.MemberSpec)
    nodes = reader.fields(node, kinds)
    values = reader.values(nodes, kinds)
    if "base" not in nodes:
        reader.report(node, "a member has no `base`", "write `{base: ETH, …}`, or the name alone")
    if "base" not in values:
        return None
    for one, other in (("supply", "supply_as_of"), ("supply_as_of", "supply")):
        if one in nodes and other not in nodes:
            reader.report(nodes[one], f"`{one}` of `{values['base']}` needs `{other}` beside it")
    reader.expect_ordered(nodes, values)
    _check_proxy(reader, nodes, values)
    _check_facts(reader, nodes, values)
    return Member(**values)


def _check_proxy(reader: Reader, nodes: Mapping[str, Node], values: Mapping[str, Any]) -> None:
    proxy = values.get("proxy")
    if proxy is None or proxy == SPOT or proxy in (reader.known.exchanges or ()):
        return
    parts = proxy.split("+")
    if values["base"] in parts:
        reader.report(nodes["proxy"], f"`{values['base']}` cannot be its own proxy")
    elif len(set(parts)) < len(parts):
        reader.report(nodes["proxy"], f"the proxy `{proxy}` names an asset twice")
    else:
        reader.proxies.append((nodes["proxy"], proxy))


def _check_facts(reader: Reader, nodes: Mapping[str, Node], values: Mapping[str, Any]) -> None:
    """Report an asset of which two places of the file say different things."""
    for name in (name for fact in FACTS for name in fact if name in values):
        value, line = reader.facts.setdefault((values["base"], name), (values[name], nodes[name].line))
        if value != values[name]:
            what = f"`{name}` of `{values['base']}` differs from line {line}: "
            reader.report(nodes[name], f"{what}`{_shown(values[name])}` here, `{_shown(value)}` there")


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _thresholds(
    reader: Reader, node: Node, name: str, what: str, known: Collection[str] | None
) -> dict[str, float]:
    found: dict[str, float] = {}
    mapping = reader.pairs(node, name, may_be_empty=True)
    for key, value in mapping.pairs if mapping else ():
        if reader.refuses_secret(key):
            continue
        threshold = reader.name(key, f"a {what}", form.ID)
        if threshold is not None:
            reader.expect_known(key, what, threshold, known)
            found[threshold] = reader.value(value, threshold, form.threshold(threshold))
    return found


def _exchange_options(reader: Reader, node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    mapping = reader.pairs(node, "exchange_options", may_be_empty=True)
    for key, value in mapping.pairs if mapping else ():
        if reader.refuses_secret(key) or (name := reader.name(key, "an exchange", form.ID)) is None:
            continue
        reader.expect_known(key, "exchange", name, reader.known.exchanges)
        options = reader.pairs(value, name, may_be_empty=True)
        if options is not None:
            found[name] = _free(reader, options)
    return found


def _free(reader: Reader, node: Node) -> Any:
    """Return a node of any content as Python values; unquoted numbers, `true`, `false` and `null` are what they say."""
    match node:
        case Items():
            return [_free(reader, item) for item in node.nodes]
        case Pairs():
            return {
                key.text: _free(reader, value) for key, value in node.pairs if not reader.refuses_secret(key)
            }
    if not node.plain:
        return node.text
    if node.is_null or node.text in {"true", "false"}:
        return None if node.is_null else node.text == "true"
    if _INTEGER.fullmatch(node.text):
        return int(node.text)
    number = form.NUMBER.read(node.text)
    return node.text if number is None else number


def _plans(reader: Reader, node: Node, sectors: tuple[Sector, ...] | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    declared = form.keys(form.PlanSpec)
    known = {
        "weighting": reader.known.weightings,
        "estimator": reader.known.estimators,
        "exchange": reader.known.exchanges,
    }
    choices = reader.known.choices or {}
    mapping = reader.pairs(node, "plans", may_be_empty=True)
    for name, value in _names(reader, mapping, "a plan") if mapping else ():
        body = reader.pairs(value, name, may_be_empty=True)
        others = (
            reader.known.options if body and any(key.text not in declared for key, _ in body.pairs) else None
        )
        kinds = form.plan_keys(others()) if others else declared
        nodes = reader.fields(body, kinds) if body else {}
        plan = reader.values(nodes, kinds)
        plan |= {
            key: _texts(reader, node, key)
            for key, node in nodes.items()
            if kinds[key] is None and key not in {"only", "sector"}
        }
        for key, names in known.items():
            if key in plan:
                reader.expect_known(nodes[key], key, plan[key], names)
        for key in choices.keys() & plan.keys():
            reader.expect_known(nodes[key], f"`{key}` called", plan[key], choices[key])
        if "sector" in nodes:
            plan["sector"] = _planned_sectors(reader, nodes["sector"], sectors)
        reader.expect_ordered(nodes, plan)
        if "only" in nodes:
            plan["only"] = _only(reader, nodes["only"])
        found[name] = plan
    return found


def _planned_sectors(
    reader: Reader, node: Node, sectors: tuple[Sector, ...] | None
) -> tuple[str, ...] | str | None:
    """Return the sector of a plan, or its sectors where it is a list; report those the file does not have."""
    items = reader.items(node, "sector") if not isinstance(node, Scalar) else None
    names = []
    for part in items.nodes if items else (node,) if isinstance(node, Scalar) else ():
        name = reader.value(part, "sector", form.GROUP)
        if name is not None:
            known = None if sectors is None else [sector.name for sector in sectors]
            reader.expect_known(part, "sector", name, known)
            names.append(name)
    return tuple(names) if items else names[0] if names else None


def _texts(reader: Reader, node: Node, name: str) -> tuple[str, ...]:
    """Return the values of an option that may be repeated: one text, or a list of them."""
    items = Items(node.line, node.column, (node,)) if isinstance(node, Scalar) else reader.items(node, name)
    read = (reader.value(part, name, form.TEXT) for part in (items.nodes if items else ()))
    return tuple(text for text in read if text is not None)


def _only(reader: Reader, node: Node) -> tuple[str, ...]:
    """Return the assets of `only`, written as a list or as the flag is: `ETH,SOL`."""
    if isinstance(node, Scalar) and not node.is_null:
        parts: Sequence[Node] = [
            Scalar(node.line, node.column, part.strip(), False) for part in node.text.split(",")
        ]
    else:
        items = reader.items(node, "only")
        parts = items.nodes if items else ()
    return tuple(base for part in parts if (base := reader.value(part, "only", form.BASE)) is not None)
