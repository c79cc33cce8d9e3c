"""Random observations for the tests of this package and of the model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.encoding import Histories, ObservationColumns, append, encode
from pipeline.encoding.codes import COUNTRIES, LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES
from pipeline.encoding.standing import N_COUNTS

MONDAY_NOON_MS = 1_767_632_400_000
"""2026-01-05 12:00 in New York."""


def random_columns(rng: np.random.Generator, n: int, entities: int = 7) -> ObservationColumns:
    """N observations at increasing times, with few enough keys that relations occur."""
    gaps = rng.exponential(3_600_000.0, n)
    return ObservationColumns(
        entity=rng.integers(0, entities, n).astype(np.uint64),
        counterparty=rng.integers(100, 106, n).astype(np.uint64),
        entity_agent=rng.integers(200, 203, n).astype(np.uint64),
        counterparty_agent=rng.integers(200, 204, n).astype(np.uint64),
        amount=(np.round(np.exp(rng.normal(9.0, 2.5, n)), 2) + 0.01).astype(np.float64),
        event_ms=MONDAY_NOON_MS + np.cumsum(gaps).astype(np.int64),
        role=rng.integers(0, 2, n).astype(np.int8),
        message_type=rng.integers(0, len(MESSAGE_TYPES), n).astype(np.int8),
        local_instrument=rng.integers(0, len(LOCAL_INSTRUMENTS), n).astype(np.int8),
        purpose=rng.integers(0, len(PURPOSES), n).astype(np.int8),
        own_country=rng.integers(0, len(COUNTRIES), n).astype(np.int16),
        other_country=rng.integers(0, len(COUNTRIES), n).astype(np.int16),
        uetr=rng.integers(0, 1 << 62, n).astype(np.uint64),
        standing=random_standing(rng, n),
    )


def random_standing(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """What was told of N counterparties, of a third of them nothing."""
    counts = np.rint(rng.exponential(3.0, (n, N_COUNTS)) * 1000) / 1000
    counts[:, 0] = rng.integers(1, 500, n)
    times = MONDAY_NOON_MS - np.sort(rng.integers(0, 20 * 86_400_000, (n, 2)), axis=1)[:, ::-1]
    buckets = rng.integers(1, 64, (n, 2))
    known = rng.random((n, 1)) < 2 / 3
    return np.hstack([counts, times, buckets]) * known


def filled_histories(rng: np.random.Generator, slots: int, rounds: int) -> Histories:
    """Histories in which slot i has seen between 0 and ``rounds`` events."""
    histories = Histories.allocate(slots)
    targets = np.arange(slots) % (rounds + 1)
    for done in range(rounds):
        active = np.flatnonzero(targets > done)
        columns = random_columns(rng, len(active))
        append(columns, encode(columns, histories, active), histories, active)
    return histories
