"""How the tests of the sector file load one."""

from pathlib import Path

from betacli.core.model import Universe
from betacli.data.sectors import load_universe

SMALLEST = "sectors: {l1: {members: [ETH, SOL]}}\n"
NOWHERE = Path("/nonexistent-betacli-test")


def load(path: Path, **names) -> Universe:
    """Load one file with nothing below it."""
    return load_universe(config=path, project_dir=NOWHERE, user_dir=NOWHERE, packaged=NOWHERE, **names)
