"""What is remembered of each entity: its last events and its long-memory counters.

A struct of arrays, one row a slot. All arrays are plain numpy, so an arena can grow, copy
or pack a slot without knowing what the arrays mean (:meth:`Histories.arrays`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.counters import N_COUNTERS, N_TIMES
from pipeline.encoding.fields import N_FIELDS
from pipeline.encoding.standing import N_COUNTS, StandingMemory

WINDOW: Final = 16
"""Past events that are kept one by one."""

_RING: Final = (
    *("codes", "log_amount", "event_ms", "role", "counterparty", "counterparty_agent"),
    *("other_country", "purpose", "local_instrument", "hour", "uetr"),
)


@dataclass(slots=True)
class Histories:
    """Histories of M slots.

    The window is left-aligned and in order of arrival: rows ``[:min(count, WINDOW)]`` of a
    slot are its last events, the oldest first; rows behind are zero.
    """

    count: npt.NDArray[np.int64]
    """Events seen, [M]."""
    codes: npt.NDArray[np.int16]
    """Field codes, [M, WINDOW, N_FIELDS]."""
    log_amount: npt.NDArray[np.float32]
    """Natural logarithm of US dollars, [M, WINDOW], as are all that follow."""
    event_ms: npt.NDArray[np.int64]
    role: npt.NDArray[np.int8]
    counterparty: npt.NDArray[np.uint64]
    counterparty_agent: npt.NDArray[np.uint64]
    other_country: npt.NDArray[np.int16]
    purpose: npt.NDArray[np.int8]
    local_instrument: npt.NDArray[np.int8]
    hour: npt.NDArray[np.float32]
    uetr: npt.NDArray[np.uint64]
    counters: npt.NDArray[np.float32]
    """Long memory, [M, N_COUNTERS]."""
    times: npt.NDArray[np.int64]
    """Event times that the long memory needs, [M, N_TIMES], 0 for never."""
    standing_counts: npt.NDArray[np.float64]
    """What other entities may be told, as :class:`StandingMemory` keeps it, [M, N_COUNTS]."""
    standing_times: npt.NDArray[np.int64]
    standing_met: npt.NDArray[np.uint64]

    @classmethod
    def allocate(cls, slots: int) -> Histories:
        """Empty histories for ``slots`` entities."""
        window = (slots, WINDOW)
        return cls(
            count=np.zeros(slots, np.int64),
            codes=np.zeros((*window, N_FIELDS), np.int16),
            log_amount=np.zeros(window, np.float32),
            event_ms=np.zeros(window, np.int64),
            role=np.zeros(window, np.int8),
            counterparty=np.zeros(window, np.uint64),
            counterparty_agent=np.zeros(window, np.uint64),
            other_country=np.zeros(window, np.int16),
            purpose=np.zeros(window, np.int8),
            local_instrument=np.zeros(window, np.int8),
            hour=np.zeros(window, np.float32),
            uetr=np.zeros(window, np.uint64),
            counters=np.zeros((slots, N_COUNTERS), np.float32),
            times=np.zeros((slots, N_TIMES), np.int64),
            standing_counts=np.zeros((slots, N_COUNTS)),
            standing_times=np.zeros((slots, 2), np.int64),
            standing_met=np.zeros((slots, 2), np.uint64),
        )

    def __len__(self) -> int:
        return len(self.count)

    @property
    def standing(self) -> StandingMemory:
        """The slots' own standings."""
        return StandingMemory(self.standing_counts, self.standing_times, self.standing_met)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Every array by name, first axis the slot."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def grown(self, slots: int) -> Histories:
        """A copy with room for ``slots`` entities, the present ones first."""
        larger = Histories.allocate(slots)
        for name, array in self.arrays().items():
            getattr(larger, name)[: len(self)] = array
        return larger

    def lengths(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Events in the window of each slot, at most WINDOW."""
        return np.minimum(self.count[slots], WINDOW)

    def remember(
        self,
        columns: ObservationColumns,
        codes: npt.NDArray[np.int16],
        log_amount: npt.NDArray[np.float32],
        hour: npt.NDArray[np.float32],
        slots: npt.NDArray[np.intp],
    ) -> None:
        """Put one event at the end of the window of each slot; slots must be distinct."""
        full = slots[self.count[slots] >= WINDOW]
        for name in _RING:
            array = getattr(self, name)
            array[full, :-1] = array[full, 1:]
        at = np.minimum(self.count[slots], WINDOW - 1)
        self.codes[slots, at] = codes
        self.log_amount[slots, at] = log_amount
        self.hour[slots, at] = hour
        for name in _RING:
            if name not in ("codes", "log_amount", "hour"):
                getattr(self, name)[slots, at] = getattr(columns, name)
        self.count[slots] += 1
