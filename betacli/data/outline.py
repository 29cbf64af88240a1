"""Where sector files are, and the names in them, without reading the rest: what shell completion has time for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from betacli.data.yaml_nodes import Items, Pairs, Scalar, compose, read_text
from betacli.errors import BadFile

FILE_NAME = "sectors.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The sectors of the first file that has some, with their titles and members, and the plans of all files."""

    sectors: dict[str, str]
    plans: tuple[str, ...]
    members: dict[str, tuple[str, ...]]


def packaged_path() -> Path:
    """Return the sector file that comes with betacli: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    inside = package / FILE_NAME
    return inside if inside.is_file() else package.parent / FILE_NAME


def outline(paths: Sequence[Path]) -> Outline:
    """Return the names in files, the first of which win; what cannot be read or is no mapping has none."""
    sectors: dict[str, str] = {}
    members: dict[str, tuple[str, ...]] = {}
    plans: dict[str, None] = {}
    for path in paths:
        keys = _keys(path)
        if not sectors:
            sectors = {name: _title(body) for name, body in keys.get("sectors", {}).items()}
            members = {name: _members(body) for name, body in keys.get("sectors", {}).items()}
        plans |= dict.fromkeys(keys.get("plans", {}))
    return Outline(sectors=sectors, plans=tuple(plans), members=members)


def _keys(path: Path) -> dict[str, dict[str, object]]:
    """Return the names under each key of a file that holds names."""
    try:
        root, _ = compose(read_text(path))
    except BadFile:
        return {}
    return {key: _pairs(value) for key, value in _pairs(root).items()}


def _pairs(node: object) -> dict[str, object]:
    return {key.text: value for key, value in node.pairs} if isinstance(node, Pairs) else {}


def _members(body: object) -> tuple[str, ...]:
    """Return the assets of a sector, each written as a name or as a mapping with a `base`."""
    listed = _pairs(body).get("members")
    nodes = listed.nodes if isinstance(listed, Items) else ()
    names = (node if isinstance(node, Scalar) else _pairs(node).get("base") for node in nodes)
    return tuple(name.text for name in names if isinstance(name, Scalar))


def _title(body: object) -> str:
    title = _pairs(body).get("title")
    return title.text if isinstance(title, Scalar) else ""
