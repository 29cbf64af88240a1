"""Where `-o` writes: through links, to stdout, and nowhere without a name."""

from pathlib import Path

import pytest

from conftest import Cli

SECTORS = ("sectors", "-O", "csv")


def test_a_link_stays_a_link(cli: Cli, tmp_path: Path) -> None:
    """The file it points to is written, whether it was there before or not, and beside it nothing is left."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old.csv").write_text("before")
    for name in ("old.csv", "new.csv"):
        (tmp_path / name).symlink_to(Path("there") / name)
        assert cli(*SECTORS, "-o", name).code == 0
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "there" / name).read_text().startswith("sector,")
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["new.csv", "old.csv"]


def test_links_in_a_circle_are_refused(cli: Cli, tmp_path: Path) -> None:
    """They point to nothing, and stay."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    ran = cli(*SECTORS, "-o", "a")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert (tmp_path / "a").is_symlink()


def test_a_dash_is_stdout(cli: Cli, tmp_path: Path) -> None:
    """No file of that name is made."""
    assert cli(*SECTORS, "-o", "-").out == cli(*SECTORS).out != ""
    assert cli("schema", "error", "-o", "-").out == cli("schema", "error").out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [SECTORS, ("schema", "error"), ("solve", "--sector", "l1", "-e", "sample")]
)
def test_an_empty_name_is_refused(command: tuple[str, ...], cli: Cli) -> None:
    """As an unset variable in a script makes one."""
    ran = cli(*command, "-o", "")
    assert (ran.code, ran.out) == (2, "")
    assert "`--output` is empty" in ran.err


def test_tickets_do_not_go_to_stdout(cli: Cli, tmp_path: Path) -> None:
    """It holds the answer alone."""
    ran = cli("solve", "--sector", "l1", "-e", "sample", "--tickets", "-")
    assert (ran.code, ran.out) == (2, "")
    assert list(tmp_path.iterdir()) == []
