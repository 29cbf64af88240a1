"""Random numbers of the simulated market: a fixed function of seed, series, purpose and counter."""

import hashlib

import numpy as np

from betacli.core.model import Floats


def uniforms(seed: int, series: str, purpose: str, counter: int, n: int) -> Floats:
    """Return n numbers uniform on (0, 1), a fixed function of the arguments."""
    text = f"betacli sample 3|{seed}|{series}|{purpose}"
    key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
    words = np.random.Philox(key=key, counter=counter << 192).random_raw(n)
    uniforms: Floats = (words >> np.uint64(11)).astype(np.float64)
    return (uniforms + 0.5) * 2.0**-53


def normals(seed: int, series: str, purpose: str, counter: int, n: int) -> Floats:
    """Return n standard normal numbers (Box and Muller)."""
    u = uniforms(seed, series, purpose, counter, 2 * n)
    normals: Floats = np.sqrt(-2 * np.log(u[:n]))
    normals *= np.cos(2 * np.pi * u[n:])
    return normals
