"""Long memory of an entity beyond its window: exact running moments and decayed counters.

One row of float32 a slot. Decayed counters lose half their weight in a stated number of
days of event time; sketches count keys in hashed buckets, so that "seen before" and "share
of this counterparty" need no list of ids.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

DAY_MS: Final = 86_400_000.0
HALF_LIVES_DAYS: Final = (1.0, 7.0, 30.0)
ROLES: Final = ("out", "in")
MARKS: Final = ("new_counterparty", "new_agent", "new_corridor", "mirrored", "round", "structured")
"""Yes/no properties of events whose decayed numbers are kept."""

SKETCHES: Final = {"counterparty": 64, "agent": 32, "corridor": 16, "purpose": 16, "hour": 24}
"""Buckets per sketch."""
SKETCH_HALF_LIFE_DAYS: Final = 30.0

_MOMENTS: Final = tuple(f"{what}_{role}" for role in ROLES for what in ("n", "mean", "m2", "max"))
_GAPS: Final = ("gap_n", "gap_mean", "gap_m2", "gap_max")
EXACT: Final = (*_MOMENTS, *_GAPS, "peak_count", "peak_sum")
DECAYED: Final = (
    *(
        f"{what}_{role}_{int(h)}d"
        for h in HALF_LIVES_DAYS
        for role in ROLES
        for what in ("n", "usd")
    ),
    *(f"{mark}_7d" for mark in MARKS),
)
TIMES: Final = ("first", "last", "last_out", "last_in")

N_EXACT: Final = len(EXACT)
N_DECAYED: Final = len(DECAYED)
N_SKETCH: Final = sum(SKETCHES.values())
N_COUNTERS: Final = N_EXACT + N_DECAYED + N_SKETCH
N_TIMES: Final = len(TIMES)

_COLUMN: Final = {name: i for i, name in enumerate((*EXACT, *DECAYED))}
_SKETCH_START: Final = {
    name: N_EXACT + N_DECAYED + sum(list(SKETCHES.values())[:i]) for i, name in enumerate(SKETCHES)
}
_HALF_LIFE: Final = np.array(
    [*np.repeat(HALF_LIVES_DAYS, 2 * len(ROLES)), *[7.0] * len(MARKS)]
    + [SKETCH_HALF_LIFE_DAYS] * N_SKETCH
)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Float = npt.NDArray[np.float32]


def column(name: str) -> int:
    """Position of an exact or decayed counter in a row."""
    return _COLUMN[name]


def bucket(sketch: str, keys: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Position in a row of the bucket of each key (Fibonacci hashing)."""
    mixed = (keys.astype(np.uint64) * _MIX) >> np.uint64(40)
    within = (mixed % np.uint64(SKETCHES[sketch])).astype(np.intp)
    return _SKETCH_START[sketch] + within


def sketch_slice(sketch: str) -> slice:
    """Columns of a sketch in a row."""
    start = _SKETCH_START[sketch]
    return slice(start, start + SKETCHES[sketch])


def decayed_to(
    counters: Float, last_ms: npt.NDArray[np.int64], now_ms: npt.NDArray[np.int64]
) -> Float:
    """Rows as they stand at ``now_ms``: [N, N_COUNTERS], a copy."""
    days = np.maximum(now_ms - last_ms, 0) / DAY_MS
    rows = counters.copy()
    rows[:, N_EXACT:] *= np.exp2(-days[:, None] / _HALF_LIFE).astype(np.float32)
    return rows


def add_moment(rows: Float, suffix: str, value: Float, at: npt.NDArray[np.bool_]) -> None:
    """Welford's update of n, mean, m2 and max where ``at`` is set; in place.

    ``suffix`` is a role ("out", "in"), or "gap" for the gaps.
    """
    names = [f"gap_{w}" if suffix == "gap" else f"{w}_{suffix}" for w in ("n", "mean", "m2", "max")]
    n, mean, m2, largest = (column(name) for name in names)
    added = at.astype(np.float32)
    first = at & (rows[:, n] == 0)
    rows[:, n] += added
    delta = np.where(at, value - rows[:, mean], np.float32(0))
    rows[:, mean] += delta / np.maximum(rows[:, n], 1)
    rows[:, m2] += delta * np.where(at, value - rows[:, mean], np.float32(0))
    rows[:, largest] = np.where(
        first, value, np.where(at, np.maximum(rows[:, largest], value), rows[:, largest])
    )
