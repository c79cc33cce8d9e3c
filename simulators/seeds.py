"""Randomness that one seed decides: named streams and counter-based hashes."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """Open the random stream with that name; other names give independent streams."""
    words = [seed & 0xFFFFFFFF, seed >> 32]
    words += [zlib.crc32(p.encode()) if isinstance(p, str) else p & 0xFFFFFFFF for p in path]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def mix(values: U64) -> U64:
    """Scramble 64-bit integers one to one (the finaliser of SplitMix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = values + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def counter_hash(seed: int, label: str, day: int, positions: npt.NDArray[np.int64]) -> U64:
    """Hash (seed, label, day, position) to 64 bits, elementwise over positions."""
    base = mix(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))
    base = mix(base ^ np.uint64(zlib.crc32(label.encode())))
    base = mix(base ^ np.uint64(day & 0xFFFFFFFF))
    return mix(mix(positions.astype(np.uint64)) ^ base)
