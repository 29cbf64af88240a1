"""The README is true: every command in it runs, and its output is what the tool prints."""

import doctest
import re
import shlex
import shutil
from pathlib import Path

import pytest

from conftest import CHECKOUT, Cli

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
FENCED = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
SETUP = [line for line in FENCED if line.startswith("python3 -m venv")]
COMMANDS = [line for line in FENCED if line not in SETUP]
SHOWN = re.findall(r"<!-- output: (.*?) -->\n```text\n(.*?)```", README, re.DOTALL)


def test_the_set_up_commands_are_what_ci_runs() -> None:
    """Both lines stand in `.ci/run` to the letter, so CI runs them on a fresh machine."""
    ci = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert len(SETUP) == 2
    assert all(line in ci for line in SETUP)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_runs(line: str, cli: Cli, tmp_path: Path) -> None:
    """A command exits with 0, or with the code that its comment names."""
    command, _, comment = line.partition("#")
    named = re.search(r"exits with (\d+)", comment)
    shutil.copytree(CHECKOUT / "examples", tmp_path / "examples")
    words = shlex.split(command)
    assert words[0] == "betacli"
    ran = cli(*words[1:])
    assert ran.code == int(named[1] if named else 0), ran.err
    assert ran.out or ran.code


def test_the_output_shown_is_the_output(cli: Cli) -> None:
    """At the moment it names, the command prints exactly what the README shows."""
    assert SHOWN
    for command, output in SHOWN:
        as_of = re.search(r"as of (\S+)", output)
        assert as_of
        assert cli(*shlex.split(command)[1:], "--as-of", as_of[1]).out == output


def test_the_table_names_every_command() -> None:
    """A command that is added stands in the README's table."""
    from betacli.cli.app import command_names

    table = README[README.index("| command | answers |") :]
    assert [name for name in command_names() if not re.search(rf"^\| .*`{name}\b", table, re.MULTILINE)] == []


def test_the_formats_are_those_of_the_tool() -> None:
    """The table lists every format."""
    from betacli import names

    assert all(f"| `{name}` |" in README for name in names.FORMATS)


def test_the_librarys_example_runs() -> None:
    """What the README shows of the library is what Python prints."""
    examples = doctest.DocTestParser().get_doctest(README, {}, "README", "README.md", 0)
    assert len(examples.examples) >= 4
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.failures == 0


def test_the_exit_codes_are_those_of_the_tool() -> None:
    """The table lists every code with its meaning."""
    from betacli.names import EXIT_CODES

    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in README
