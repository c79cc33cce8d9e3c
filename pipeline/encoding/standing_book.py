"""Standings of everybody, for streams that are read as a whole: training and evaluation.

In service every profile keeps its own standing and tells it on a topic; here one pass in the
order of the stream does the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.standing import StandingMemory, pass_on

_FIRST_SLOTS = 1024


class StandingBook:
    """Standings by entity key; grows with the stream."""

    def __init__(self) -> None:
        self._slot_of: dict[int, int] = {}
        self._memory = StandingMemory.allocate(_FIRST_SLOTS)

    def told(self, columns: ObservationColumns) -> ObservationColumns:
        """The same payments with the standing of the other side before each of them.

        Args:
            columns: both sides of each payment, one after the other, payments in time order;
                they go on where the last call ended.
        """
        keys, which = np.unique(columns.entity, return_inverse=True)
        slots = [self._slot_of.setdefault(key, len(self._slot_of)) for key in keys.tolist()]
        while len(self._slot_of) > len(self._memory.times):
            self._double()
        standing = pass_on(self._memory, np.array(slots, np.intp)[which], columns.for_standing())
        return replace(columns, standing=standing)

    def _double(self) -> None:
        larger = StandingMemory.allocate(2 * len(self._memory.times))
        for new, old in zip(larger.arrays(), self._memory.arrays(), strict=True):
            new[: len(old)] = old
        self._memory = larger
