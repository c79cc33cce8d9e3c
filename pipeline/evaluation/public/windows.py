"""Sums over the past of each key, such as a card or a terminal, in windows of event time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


class KeyedPast:
    """For each of N events, earlier events of the same key.

    An event's past of age ``a`` to ``b`` is what happened in (t - b, t - a]. At age 0 the
    event itself belongs to it, and others of the same millisecond only if they stand before.
    """

    def __init__(self, key: Int, event_ms: Int) -> None:
        """Sort once.

        Args:
            key: [N].
            event_ms: not falling, [N].
        """
        self.order = np.argsort(key, kind="stable")
        """Rows by key, and in time order within one, [N]."""
        ordered = key[self.order]
        self.begin = np.searchsorted(ordered, ordered)
        """Place of the first event of each place's key, [N]."""
        since = event_ms[self.order] - event_ms.min(initial=0)
        self._group = np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]]) if len(key) else ordered
        self._since = since
        self._span = int(since.max(initial=0)) + 1

    def end(self, age_ms: int) -> Int:
        """Place behind the last event of at least that age, by place, [N]."""
        if age_ms == 0:
            return np.arange(1, len(self.order) + 1)
        base = self._group * self._span
        # A time before all of the key's events must not reach into the key before.
        sought = base + np.maximum(self._since - age_ms, -1)
        found: Int = np.searchsorted(base + self._since, sought, side="right")
        return np.maximum(found, self.begin).astype(np.int64)

    def total(self, values: Float | None, young_ms: int, old_ms: int) -> Float:
        """Sum of values (None: their number) over the past of these ages, [N], by row."""
        counted = np.ones(len(self.order)) if values is None else values[self.order]
        sums = np.r_[0.0, np.cumsum(counted)]
        return self.by_row(sums[self.end(young_ms)] - sums[self.end(old_ms)])

    def by_row(self, by_place: npt.NDArray[np.float64]) -> Float:
        """Back into the order of the events."""
        rows = np.empty(len(self.order))
        rows[self.order] = by_place
        return rows
