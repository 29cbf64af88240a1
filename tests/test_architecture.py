"""The walls: what each layer may import, read from the source, and the size of files and functions."""

import ast
from pathlib import Path

import pytest

from conftest import CHECKOUT

PACKAGE = CHECKOUT / "betacli"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(CHECKOUT).with_suffix("").parts): path for path in FILES}

ALLOWED = {
    "wording": set(),
    "errors": {"wording"},
    "document": set(),
    "names": set(),
    "frames": {"errors", "core"},
    "core": {"errors", "core"},
    "data": {"errors", "core", "data", "frames"},
    "library": {"errors", "names", "core", "data", "frames"},
    "plan": {"errors", "document", "core", "data", "plan"},
    "show": {"errors", "document", "show"},
    "cli": {"errors", "document", "names", "core", "data", "plan", "show", "cli"},
}
HOMES = {
    "ccxt": {"betacli.data.exchange", "betacli.data.transport"},
    "yaml": {"betacli.data.yaml_nodes"},
    "sqlite3": {"betacli.data.store"},
    "rich": {"betacli.show.terminal"},
    "typer": {"betacli.cli.app", "betacli.cli.helping", "betacli.cli.options", "betacli.cli.taking"},
    "daqp": {"betacli.core.program"},
    "pandas": {"betacli.frames"},
}
NEVER_IN_CORE = {"ccxt", "yaml", "sqlite3", "pathlib", "logging", "rich", "typer", "pandas", "time", "random"}


def imports(path: Path) -> set[str]:
    """Return every module a file imports, wherever in the file it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_layer_imports_only_what_the_design_allows(module: str) -> None:
    """No file reaches into a layer that its own layer may not know."""
    own = layer(module)
    if own in {"", "__init__", "__main__"}:
        return
    reached = {layer(name) for name in imports(MODULES[module]) if name.startswith("betacli.")}
    known = {name for name in reached if name in ALLOWED}
    assert known <= ALLOWED[own], f"{module} imports {sorted(known - ALLOWED[own])}"


@pytest.mark.parametrize("module", [name for name in sorted(MODULES) if layer(name) == "core"])
def test_core_knows_no_world(module: str) -> None:
    """Core is arithmetic: no files, no clock, no network, no printing, no unseeded randomness."""
    tops = {name.split(".")[0] for name in imports(MODULES[module])}
    assert not tops & NEVER_IN_CORE
    source = MODULES[module].read_text(encoding="utf-8")
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"print", "open", "input"}
    assert ".now(" not in source
    assert ".today(" not in source


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_heavy_library_has_one_home(library: str) -> None:
    """A library that could be replaced is imported where its home is, and nowhere else."""
    users = {
        module
        for module, path in MODULES.items()
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= HOMES[library]


def test_only_the_cli_writes_to_stdout() -> None:
    """No file outside `cli` and the entry point prints or touches the standard streams."""
    for module, path in MODULES.items():
        if layer(module) in {"cli", "__main__"}:
            continue
        source = path.read_text(encoding="utf-8")
        assert "sys.stdout" not in source, module
        assert "sys.stderr" not in source, module
        assert "print(" not in source, module


def test_nobody_imports_click() -> None:
    """Typer brings its own Click; importing another one catches none of its errors."""
    assert not [m for m, p in MODULES.items() if any(n.split(".")[0] == "click" for n in imports(p))]


def test_there_is_no_import_cycle() -> None:
    """Modules can be put in an order in which each imports only those before it."""
    graph = {m: {n for n in imports(p) if n in MODULES and n != m} for m, p in MODULES.items()}
    done: set[str] = set()
    while len(done) < len(graph):
        ready = {m for m, needs in graph.items() if m not in done and needs <= done}
        assert ready, f"cycle among {sorted(set(graph) - done)}"
        done |= ready


def test_files_and_functions_stay_small() -> None:
    """No file over 450 lines and no function over 60."""
    for module, path in MODULES.items():
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= 450, module
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{module}.{node.name} has {length} lines"
