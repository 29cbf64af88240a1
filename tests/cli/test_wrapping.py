"""What is said beside the answer, at a terminal: errors, hints, notices and help break between words."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from betacli.cli import topics
from betacli.cli.process import run
from betacli.cli.world import World
from betacli.names import TOPICS
from betacli.show.plain import broken, reflowed
from conftest import NOW_MS, Ran

TOO_MUCH = ("solve", "--sector", "l1", "--target", "3", "--exchange", "sample", "--as-of", "2026-10-28")


class Terminal(io.StringIO):
    """A terminal in memory."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


class Latin(Terminal):
    """A terminal that speaks Latin-1."""

    encoding = "latin-1"  # type: ignore[assignment]


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command at a terminal of some columns."""
    monkeypatch.chdir(tmp_path)

    def call(columns: int, *argv: str, kind: type[Terminal] = Terminal, **environ: str) -> Ran:
        out, err = kind(), kind()
        here = World(
            stdout=out,
            stderr=err,
            now_ms=lambda: NOW_MS,
            monotonic=lambda: 0.0,
            environ={"COLUMNS": str(columns), "NO_COLOR": "1", **environ},
            project_dir=Path(),
        )
        return Ran(run(argv, here), out.getvalue(), err.getvalue())

    return call


def test_an_error_breaks_between_words_and_hangs_under_its_label(at: Callable[..., Ran]) -> None:
    """No line is wider than 60 columns, a limit stays in one piece, and the second line begins where the text does."""
    said = at(60, *TOO_MUCH).err
    assert said.startswith(
        "error: no weights give `l1` a beta of 3.00; 0.94 to 1.67 can\n"
        "       be reached with weights between 0 and 0.4; what holds\n"
        "       it: AVAX ≤ 0.4, NEAR ≤ 0.4\n"
        "hint: lower `--target` to 1.67, hold the highest-beta basket\n"
        "      at "
    )
    assert max(map(len, said.split("\n"))) <= 60


def test_an_error_is_readable_in_latin_1(at: Callable[..., Ran]) -> None:
    """Its signs are spelled where the stream has none for them."""
    assert "it: AVAX <= 0.4, NEAR <= 0.4\n" in at(60, *TOO_MUCH, kind=Latin).err


def test_colour_is_on_the_label_alone(at: Callable[..., Ran]) -> None:
    """The label is painted and takes no more room for it."""
    plain = at(60, *TOO_MUCH).err
    painted = at(60, *TOO_MUCH, NO_COLOR="", FORCE_COLOR="1").err
    assert painted == plain.replace("error:", "\x1b[1;31merror:\x1b[0m").replace(
        "hint:", "\x1b[36mhint:\x1b[0m"
    )


def test_notices_of_the_csv_break_too(at: Callable[..., Ran]) -> None:
    """What the CSV has no place for is wrapped on stderr as in the table."""
    said = at(50, *TOO_MUCH[:3], *TOO_MUCH[5:], "-O", "csv").err
    assert said.startswith("note: ")
    assert max(map(len, said.split("\n"))) <= 50


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_help_text_breaks_between_words(at: Callable[..., Ran], topic: str, width: int) -> None:
    """The same words at any width; only what is to be copied is wider than the terminal."""
    said = at(width, "help", topic).out
    assert said.split() == topics.text(topic).split()
    assert all(len(line) <= width or line.startswith("    ") for line in said.split("\n"))
    assert at(300, "help", topic).out == topics.text(topic)


def test_lists_hang_under_their_text_and_paragraphs_are_filled() -> None:
    """A name and what it means stay beside each other; two lines of a paragraph become three shorter ones."""
    lines = [
        "one two three four",
        "five six",
        "",
        "  name  what it means in so many words and more",
        "  short",
    ]
    assert reflowed(lines, 30) == [
        "one two three four five six",
        "",
        "  name  what it means in so",
        "        many words and more",
        "  short",
    ]


def test_a_word_longer_than_the_line_stays_whole() -> None:
    """Nothing is ever cut."""
    assert broken("a /very/long/path b", 8, first=2, rest=2) == ["a", "  /very/long/path", "  b"]
