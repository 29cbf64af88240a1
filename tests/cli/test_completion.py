"""Shell completion: the words each shell is offered, how Typer installs it, and what it may import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from betacli import names
from conftest import CHECKOUT, Cli

FILE = """\
sectors: {mine: {title: My own, members: [ETH]}, other: {members: [SOL]}}
plans: {morning: {target: 1}, evening: {target: 2}}
"""


def run(words: str, folder: Path, shell: str = "bash", **more: str) -> subprocess.CompletedProcess[str]:
    """Ask for what may follow `words`, as the shell's script does."""
    asked = {
        "bash": {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": words},
        "fish": {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "PYTHONPATH": str(CHECKOUT),
        "_BETACLI_COMPLETE": f"complete_{shell}",
    }
    argv = [sys.executable, "-m", "betacli"]
    return subprocess.run(
        argv, capture_output=True, text=True, cwd=folder, env=env | asked | more, check=False
    )


def offered(words: str, folder: Path, **more: str) -> list[str]:
    ran = run(words, folder, **more)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sectors.yaml").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("betacli so", ["solve"]),
        ("betacli solve --sector ", ["mine", "other"]),
        ("betacli solve --sector m", ["mine"]),
        ("betacli hedge -s o", ["other"]),
        ("betacli checklist --plan ", ["evening", "morning"]),
        ("betacli beta --exchange b", ["binanceusdm", "bybit", "bingx"]),
        ("betacli solve --estimator ", list(names.PRESETS)),
        ("betacli solve --weighting ", list(names.WEIGHTINGS)),
        ("betacli solve -O ", list(names.FORMATS)),
        ("betacli sectors show ", ["mine", "other"]),
        ("betacli sectors sh", ["show"]),
        ("betacli help exit", ["exit-codes"]),
        ("betacli schema hed", ["hedge"]),
        ("betacli solve --allow-s", ["--allow-short"]),
        ("betacli solve --long m", ["mine"]),
        ("betacli solve --short ", ["mine", "other"]),
        ("betacli solve --sector mine --only ", ["ETH"]),
        ("betacli solve --only ", ["ETH", "SOL"]),
        ("betacli solve --only ETH,", ["ETH,SOL"]),
        ("betacli solve --spot S", ["SOL"]),
        ("betacli solve --objective min", ["min-variance"]),
        ("betacli solve --neutral ", ["dollar", "beta"]),
        ("betacli solve --proxies a", ["auto"]),
        ("betacli solve --proxy-venues bybit,m", ["bybit,mexc"]),
        ("betacli hedge --hedge-with n", ["next-quarter"]),
        ("betacli beta --benchmark u", ["universe"]),
        ("betacli beta --benchmark E", ["ETH"]),
        ("betacli checklist --step liquidity,m", ["liquidity,monitoring"]),
        ("betacli venues --venues we", ["weex"]),
        ("betacli funding --fees ", ["taker", "maker"]),
    ],
)
def test_the_words_offered(words: str, expected: list[str], folder: Path) -> None:
    """Commands, options, and names from the folder's sector file or from the tool."""
    assert sorted(offered(words, folder)) == sorted(expected)


def test_the_file_named_before_is_the_one_read(folder: Path) -> None:
    """`--config` counts, and so does its variable."""
    other = folder / "other.yaml"
    other.write_text("sectors: {theirs: {members: [ETH]}}\n")
    assert offered("betacli solve --config other.yaml --sector ", folder) == ["theirs"]
    assert offered("betacli solve --sector ", folder, BETACLI_CONFIG="other.yaml") == ["theirs"]


@pytest.mark.parametrize(
    "text", ["", "[", "sectors: 5", "sectors: {a: [}", "\x00", "sectors: {'$(reboot)': {}}"]
)
def test_a_broken_file_breaks_no_completion(text: str, tmp_path: Path) -> None:
    """Nothing on stderr, exit 0: a shell must never see a traceback."""
    (tmp_path / "sectors.yaml").write_text(text)
    offered("betacli solve --sector ", tmp_path)


def test_zsh_and_fish_are_told_what_names_mean(folder: Path) -> None:
    """Titles of sectors stand beside their names, and no Rich renders them."""
    assert '"mine":"My own"' in run("betacli solve --sector ", folder, "zsh").stdout
    assert "mine\tMy own" in run("betacli solve --sector ", folder, "fish").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_imports_nothing_heavy(shell: str, folder: Path) -> None:
    """Neither numpy nor pandas, ccxt or Rich."""
    ran = run("betacli solve --sector ", folder, shell, PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in ran.stderr.splitlines()}
    assert "typer" in loaded
    assert not {"numpy", "pandas", "ccxt", "rich", "msgspec"} & loaded


@pytest.mark.parametrize(
    ("shell", "head"), [("zsh", "#compdef betacli"), ("bash", "_betacli_completion()"), ("fish", "complete ")]
)
def test_the_script_is_for_the_shell_that_was_named(shell: str, head: str, cli: Cli) -> None:
    """Whatever shell this one is."""
    assert cli("--show-completion", shell).out.startswith(head)
    ran = cli("--show-completion", "zhs")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean `zsh`?" in ran.err


def test_typers_own_installation_works_in_bash(folder: Path) -> None:
    """`--install-completion` writes a script that bash can source, and its function completes."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(CHECKOUT),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    argv = [sys.executable, "-m", "betacli", "--install-completion", "bash"]
    ran = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=env, check=False)
    assert ran.returncode == 0, ran.stderr
    (script,) = folder.glob(".bash_completions/*.sh")
    binary = folder / "bin" / "betacli"
    binary.parent.mkdir()
    binary.write_text(f'#!/bin/sh\nexec {sys.executable} -m betacli "$@"\n')
    binary.chmod(0o755)
    line = (
        f'. {script}; COMP_WORDS=(betacli solve --sector ""); COMP_CWORD=3; '
        '_betacli_completion betacli; echo "${COMPREPLY[@]}"'
    )
    env["PATH"] = f"{binary.parent}:{env['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=folder, env=env, check=False
    )
    assert done.stdout.split() == ["mine", "other"], done.stderr
