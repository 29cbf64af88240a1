"""The world a command runs in, handed in: streams, clock, environment, folders."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside the process that a command may touch besides a market's network.

    `now_ms` is the wall clock in milliseconds since the epoch, `monotonic` seconds of a clock that never steps.
    `options` returns the names and types of the options that a plan of the sector file may hold; None takes the common.
    `started_s` is when the command began by `monotonic`: `--timeout` counts from there.
    """

    stdout: TextIO
    stderr: TextIO
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    environ: Mapping[str, str]
    project_dir: Path
    options: Callable[[], Mapping[str, type]] | None = None
    started_s: float | None = None

    @classmethod
    def real(cls) -> "World":
        """Return the world of this process."""
        return cls(
            stdout=sys.stdout,
            stderr=sys.stderr or Path(os.devnull).open("w", encoding="utf-8"),
            now_ms=lambda: time.time_ns() // 1_000_000,
            monotonic=time.monotonic,
            environ=os.environ,
            project_dir=Path(),
            started_s=time.monotonic(),
        )

    def config_dir(self) -> Path:
        """Return the user's configuration folder."""
        from platformdirs import user_config_path  # noqa: PLC0415  3 ms that `--help` need not pay

        return user_config_path("betacli")

    def cache_dir(self) -> Path:
        """Return the folder of the candle store: `BETACLI_CACHE_DIR`, or the user's for caches."""
        named = self.environ.get("BETACLI_CACHE_DIR")
        if named:
            return Path(named)
        from platformdirs import user_cache_path  # noqa: PLC0415

        return user_cache_path("betacli")

    def log_dir(self) -> Path:
        """Return the user's folder for logs."""
        from platformdirs import user_log_path  # noqa: PLC0415

        return user_log_path("betacli")
