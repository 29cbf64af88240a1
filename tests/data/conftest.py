"""What the tests of the data layer share."""

from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file into the test's folder and return its path."""

    def _write(text: str | bytes, name: str = "sectors.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return _write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where a store may be."""
    return tmp_path / "cache"
