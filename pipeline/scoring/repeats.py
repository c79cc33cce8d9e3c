"""Recognising records that a profile has applied before.

A record's key (UETR and side of a payment, content of the others) decides first: a broker
that lost its tail hands out the same offsets again. Offsets decide only for records older
than everything that is remembered.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from pipeline.encoding.columns import repeat_key
from pipeline.moments import milliseconds
from pipeline.scoring.arena import MARKS, Arena
from schemas.records import Disposition, ExposureUpdate, Observation


def record_key(record: Observation | ExposureUpdate | Disposition) -> int:
    """64-bit key of a record: equal for the same record delivered again."""
    if isinstance(record, Observation):
        return repeat_key(record.uetr, record.role)
    return int.from_bytes(hashlib.blake2b(record.to_bytes(), digest_size=8).digest(), "little")


def record_ms(record: Observation | ExposureUpdate | Disposition) -> int:
    """When the record came to be, as far as it says: its arrival, or else its own time."""
    if isinstance(record, Observation):
        return milliseconds(record.arrived_at)
    return milliseconds(
        record.event_at if isinstance(record, ExposureUpdate) else record.decided_at
    )


def is_repeat(
    arena: Arena,
    slots: npt.NDArray[np.intp],
    keys: npt.NDArray[np.uint64],
    partitions: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    arrivals_ms: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Tell which records their profiles have applied before; all arrays [n].

    A record whose key is not remembered is a repeat only if it lies below the oldest
    remembered offset of its partition and arrived no later than the newest known record.
    """
    count = arena.mark_count[slots]
    filled = np.arange(MARKS) < count[:, None]
    known = (filled & (arena.mark_key[slots] == keys[:, None])).any(1)
    oldest = arena.mark_offset[slots, np.where(count < MARKS, 0, count % MARKS)]
    behind = (
        (count >= MARKS)
        & (arena.partition[slots] == partitions)
        & (offsets < oldest)
        & (arrivals_ms <= arena.arrival_ms[slots])
    )
    repeated: npt.NDArray[np.bool_] = known | behind
    return repeated


def mark(
    arena: Arena,
    slots: npt.NDArray[np.intp],
    keys: npt.NDArray[np.uint64],
    partitions: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    arrivals_ms: npt.NDArray[np.int64],
) -> None:
    """Remember one applied record of each slot; slots must be distinct."""
    moved = slots[(arena.partition[slots] != partitions) & (arena.mark_count[slots] > 0)]
    arena.mark_offset[moved] = -1
    at = arena.mark_count[slots] % MARKS
    arena.mark_key[slots, at] = keys
    arena.mark_offset[slots, at] = offsets
    arena.mark_count[slots] += 1
    arena.partition[slots] = partitions
    arena.offset[slots] = offsets
    arena.arrival_ms[slots] = np.maximum(arena.arrival_ms[slots], arrivals_ms)
