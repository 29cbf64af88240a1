"""The sector files, layered → `Universe`: the first file that has a key wins."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from betacli.core.model import Member, Sector, Universe
from betacli.data.node_reader import KnownNames
from betacli.data.outline import FILE_NAME, packaged_path
from betacli.data.sector_file import BUILT_IN, FACTS, LAYERED, SectorFile, read_file
from betacli.data.sector_format import json_schema
from betacli.data.yaml_nodes import read_text
from betacli.errors import BadFile, Problem, safe

__all__ = [
    "FILE_NAME",
    "FileSummary",
    "check_file",
    "json_schema",
    "load_universe",
    "packaged_path",
    "template",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """How much a sector file holds."""

    path: str
    sectors: int
    assets: int
    plans: int


def load_universe(
    *,
    config: Path | None,
    project_dir: Path,
    user_dir: Path,
    packaged: Path | None = None,
    estimators: Collection[str] | None = None,
    exchanges: Collection[str] | None = None,
    gates: Collection[str] | None = None,
    checks: Collection[str] | None = None,
    weightings: Collection[str] | None = None,
    choices: Mapping[str, Collection[str]] | None = None,
    options: Callable[[], Mapping[str, type]] | None = None,
) -> Universe:
    """Return what `config` (else the project's file), the user's file and the packaged file say together.

    The first file with `sectors` supplies them, and `universe` too unless a file above it has one. Every other key is
    taken from the first file that has it; in `gates`, `checklist`, `exchange_options` and `plans`, name by name.
    The other arguments are the names that may be used, as in `KnownNames`; None takes any.

    Raises:
        BadFile: `config` is not there, a file has problems, or none has sectors.
    """
    known = KnownNames(
        estimators=estimators,
        exchanges=exchanges,
        gates=gates,
        checks=checks,
        weightings=weightings,
        choices=choices,
        options=options,
    )
    first = config if config is not None else project_dir / FILE_NAME
    below = [user_dir / FILE_NAME, packaged_path() if packaged is None else packaged]
    paths = [path for path in (first, *below) if path is config or _is_there(path)]
    return _layer([read_file(path, known) for path in paths], safe(first))


def check_file(
    path: Path,
    *,
    estimators: Collection[str] | None = None,
    exchanges: Collection[str] | None = None,
    gates: Collection[str] | None = None,
    checks: Collection[str] | None = None,
    weightings: Collection[str] | None = None,
    choices: Mapping[str, Collection[str]] | None = None,
    options: Callable[[], Mapping[str, type]] | None = None,
) -> FileSummary:
    """Return what a sector file holds, read by itself; the names are those of `load_universe`.

    Raises:
        BadFile: the file has problems.
    """
    known = KnownNames(
        estimators=estimators,
        exchanges=exchanges,
        gates=gates,
        checks=checks,
        weightings=weightings,
        choices=choices,
        options=options,
    )
    file = read_file(path, known)
    assets = {member.base for member in file.members}
    return FileSummary(
        path=file.path, sectors=len(file.sectors or ()), assets=len(assets), plans=len(file.layered["plans"])
    )


def template(schema_path: str) -> str:
    """Return the text of a first sector file: the packaged one, with the editor's schema in its first line."""
    schema = safe(schema_path).replace(" ", "%20")
    return f"# yaml-language-server: $schema={schema}\n{read_text(packaged_path())}"


def _is_there(path: Path) -> bool:
    """Whether something has this name; a link to nowhere is something, and reading it says what is wrong."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _layer(files: Sequence[SectorFile], first: str) -> Universe:
    with_sectors = next((place for place, file in enumerate(files) if file.sectors is not None), None)
    if with_sectors is None:
        problem = Problem(
            what="there are no `sectors`, here or in a file below", hint="`betacli init` writes some"
        )
        raise BadFile(path=files[0].path if files else first, problems=[problem])
    scalars, origins = dict(BUILT_IN), dict.fromkeys(BUILT_IN, "built-in")
    for file in reversed(files):
        scalars.update(file.scalars)
        origins.update(dict.fromkeys(file.scalars, file.path))
    origins["sectors"] = files[with_sectors].path
    others: tuple[Member, ...] = ()
    for file in files[: with_sectors + 1]:
        if file.others is not None:
            others, origins["universe"] = file.others, file.path
            break
    others, sectors = _share_facts(others, files[with_sectors].sectors or ())
    layered = {
        key: {n: v for file in reversed(files) for n, v in file.layered[key].items()} for key in LAYERED
    }
    places = {
        key: f"{file.path}:{line}"
        for file in reversed(files)
        for key, line in file.lines.items()
        if key not in {"sectors", "universe"} or origins.get(key) == file.path
    }
    universe = Universe(**(scalars | layered), sectors=sectors, others=others, origins=origins, places=places)
    return replace(universe, sha256=_sha256(universe))


def _share_facts(
    others: tuple[Member, ...], sectors: tuple[Sector, ...]
) -> tuple[tuple[Member, ...], tuple[Sector, ...]]:
    """Give each member what is said of its asset elsewhere: a symbol or a supply needs to be written once."""
    facts: dict[str, dict[str, Any]] = defaultdict(dict)
    for member in (*others, *(member for sector in sectors for member in sector.members)):
        for fact in FACTS:
            if getattr(member, fact[0]) is not None and fact[0] not in facts[member.base]:
                facts[member.base] |= {name: getattr(member, name) for name in fact}

    def filled(members: tuple[Member, ...]) -> tuple[Member, ...]:
        return tuple(replace(member, **facts[member.base]) for member in members)

    return filled(others), tuple(replace(sector, members=filled(sector.members)) for sector in sectors)


def _sha256(universe: Universe) -> str:
    """Return the SHA-256 of what the configuration means: no comments, no order, no file names."""

    def by_base(members: Iterable[Member]) -> dict[str, dict[str, Any]]:
        return {
            m.base: {name: value for name, value in asdict(m).items() if value is not None and name != "own"}
            for m in members
        }

    def by_group(sector: Sector) -> dict[str, dict[str, Any]]:
        return (
            {"groups": {g.name: [g.min_weight, g.max_weight] for g in sector.groups}} if sector.groups else {}
        )

    meaning = {
        **{key: getattr(universe, key) for key in (*BUILT_IN, *LAYERED)},
        "benchmark": dict(universe.benchmark.weights) or "universe",
        "universe": by_base(universe.others),
        "sectors": {
            s.name: {"title": s.title, "members": by_base(s.members)} | by_group(s) for s in universe.sectors
        },
    }
    canonical = json.dumps(meaning, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
