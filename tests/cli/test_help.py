"""Help: every command explains itself, at any width, and topics say what the tool does."""

import re

import pytest

from betacli import names
from betacli.cli.app import command_names
from conftest import Cli

COMMANDS = command_names()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_summary_and_an_example(command: str, cli: Cli) -> None:
    """And every option a line under its panel."""
    ran = cli(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: betacli {command} [OPTIONS]" in ran.out
    assert f"Examples\n  betacli {command}" in ran.out
    assert ran.out == cli("help", command).out
    if command not in {"init", "help"}:
        assert re.search(r"^Output$", ran.out, re.MULTILINE)
        assert "-O, --format NAME" in ran.out


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_help_is_never_cut(width: int, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are the same at any width, and no line is longer than it unless one word is."""
    monkeypatch.setenv("COLUMNS", str(width))
    for command in COMMANDS:
        text = cli(command, "--help").out
        wide = re.sub(r"\s+", "", text)
        monkeypatch.setenv("COLUMNS", "110")
        assert wide == re.sub(r"\s+", "", cli(command, "--help").out)
        monkeypatch.setenv("COLUMNS", str(width))
        for line in text.splitlines():
            free = not line.startswith("  betacli") and not line.startswith("Usage")
            assert len(line) <= max(width, 40) or not free or len(line.split()[-1]) > width // 3, line


def test_the_help_lists_every_command_under_a_heading(cli: Cli) -> None:
    """And no arguments at all are a question, too."""
    text = cli("--help").out
    assert all(re.search(rf"^  {name}\s", text, re.MULTILINE) for name in COMMANDS)
    assert cli().out == text


@pytest.mark.parametrize("topic", names.TOPICS)
def test_every_topic_has_a_text(topic: str, cli: Cli) -> None:
    """Lines fit 120 columns; the exit codes and formats are those the tool has."""
    ran = cli("help", topic)
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 120
    if topic == "exit-codes":
        assert all(f"{code:>3}  {meaning}\n" in ran.out for code, meaning in names.EXIT_CODES.items())
    if topic == "formats":
        assert all(re.search(rf"^  {name}\s+\w", ran.out, re.MULTILINE) for name in names.FORMATS)


def test_topics_and_commands_are_suggested(cli: Cli) -> None:
    """`help` alone lists both; a wrong word names the nearest."""
    assert all(f"help {name}\n" in cli("help").out for name in (*names.TOPICS, *COMMANDS))
    assert "did you mean `exit-codes`?" in cli("help", "exit-code").err
    assert "did you mean `solve`?" in cli("sovle").err
    assert cli("help", "nonsense").code == 2
