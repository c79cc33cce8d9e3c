"""Observations as columns: one numpy array a property, one row an observation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.encoding.codes import (
    country_index,
    instrument_index,
    message_index,
    purpose_index,
)
from pipeline.encoding.standing import N_TOLD, standing_row
from pipeline.moments import milliseconds
from schemas.records import Observation, Role

DEBTOR, CREDITOR = 0, 1


@lru_cache(maxsize=1 << 17)
def entity_key(identifier: str) -> int:
    """Stable 64-bit key of an id (blake2b): equal on every machine and run."""
    return int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=8).digest(), "little")


def repeat_key(uetr: str, role: Role) -> int:
    """Key by which a profile recognises a repeat: one side of one payment."""
    text = f"{uetr}/{role.value}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class ObservationColumns:
    """N observations, struct of arrays, all of length N.

    Keys are only ever compared for equality; no id reaches the model's vocabulary.
    """

    entity: npt.NDArray[np.uint64]
    counterparty: npt.NDArray[np.uint64]
    entity_agent: npt.NDArray[np.uint64]
    counterparty_agent: npt.NDArray[np.uint64]
    amount: npt.NDArray[np.float64]
    """US dollars, above 0."""
    event_ms: npt.NDArray[np.int64]
    """Event time, UTC, milliseconds since 1970."""
    role: npt.NDArray[np.int8]
    """0 debtor (money leaves the entity), 1 creditor."""
    message_type: npt.NDArray[np.int8]
    local_instrument: npt.NDArray[np.int8]
    purpose: npt.NDArray[np.int8]
    own_country: npt.NDArray[np.int16]
    other_country: npt.NDArray[np.int16]
    uetr: npt.NDArray[np.uint64]
    """:func:`repeat_key` of the observation."""
    standing: npt.NDArray[np.float64]
    """What was told of the counterparty before the payment, [N, N_TOLD]; zeros for nothing."""

    def __len__(self) -> int:
        return len(self.entity)

    def take(self, rows: npt.NDArray[np.intp]) -> ObservationColumns:
        """Rows in the given order."""
        return ObservationColumns(*(getattr(self, f.name)[rows] for f in fields(self)))

    def for_standing(self) -> tuple[npt.NDArray[Any], ...]:
        """What an entity's own standing counts of its events."""
        return self.role, self.event_ms, self.amount, self.counterparty, self.counterparty_agent

    @classmethod
    def from_observations(cls, observations: Sequence[Observation]) -> ObservationColumns:
        """Columns of records from the log, in their order."""
        obs = observations
        return cls(
            entity=np.array([entity_key(o.entity) for o in obs], np.uint64),
            counterparty=np.array([entity_key(o.counterparty) for o in obs], np.uint64),
            entity_agent=np.array([entity_key(o.entity_agent) for o in obs], np.uint64),
            counterparty_agent=np.array([entity_key(o.counterparty_agent) for o in obs], np.uint64),
            amount=np.array([o.amount for o in obs], np.float64),
            event_ms=np.array([milliseconds(o.event_at) for o in obs], np.int64),
            role=np.array([DEBTOR if o.role is Role.DEBTOR else CREDITOR for o in obs], np.int8),
            message_type=np.array([message_index(o.message_type.value) for o in obs], np.int8),
            local_instrument=np.array([instrument_index(o.local_instrument) for o in obs], np.int8),
            purpose=np.array([purpose_index(o.purpose) for o in obs], np.int8),
            own_country=np.array([country_index(o.entity_country) for o in obs], np.int16),
            other_country=np.array([country_index(o.counterparty_country) for o in obs], np.int16),
            uetr=np.array([repeat_key(o.uetr, o.role) for o in obs], np.uint64),
            standing=np.array(
                [standing_row(o.counterparty_standing) for o in obs], np.float64
            ).reshape(-1, N_TOLD),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[ObservationColumns]) -> ObservationColumns:
        """All rows of the parts, one after the other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))
