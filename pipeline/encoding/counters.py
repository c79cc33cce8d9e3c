"""Long memory of an entity beyond its window: exact running moments and decayed counters.

One row of float32 a slot. Decayed counters lose half their weight in a stated number of
days of event time; sketches count keys in hashed buckets, so that "seen before" and "share
of this counterparty" need no list of ids.
"""

from __future__ import annotations

from typing import Final

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


def column(name: str) -> int:
    """Position of an exact or decayed counter in a row."""
    return _COLUMN[name]


def sketch_start(sketch: str) -> int:
    """Position of the first bucket of a sketch in a row."""
    return _SKETCH_START[sketch]


def half_life_of(position: int) -> float:
    """Half-life in days of the counter at this position, behind the exact ones."""
    if position >= N_EXACT + N_DECAYED:
        return SKETCH_HALF_LIFE_DAYS
    name = DECAYED[position - N_EXACT]
    return float(name.rpartition("_")[2].removesuffix("d"))
