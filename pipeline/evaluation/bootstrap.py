"""Intervals by resampling counterparties: their payments are not independent rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Metric = Callable[[Bool, Float, Float | None], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its percentile interval; all NaN where nothing could be measured."""

    value: float
    low: float
    high: float


class CounterpartyBootstrap:
    """Resamples whole counterparties, the same ones for every rival (paired).

    A resample is a weight a row: how often its counterparty was drawn.
    """

    def __init__(
        self,
        counterparty: npt.NDArray[np.uint64],
        *,
        resamples: int = 200,
        level: float = 0.95,
        seed: int = 0,
    ) -> None:
        self._tails = (1 - level) / 2 * 100, (1 + level) / 2 * 100
        keys, self._of = np.unique(counterparty, return_inverse=True)
        random = np.random.default_rng(seed)
        even = np.full(len(keys), 1 / max(len(keys), 1))
        self._draws = random.multinomial(len(keys), even, size=resamples) if len(keys) else None

    def interval(self, metric: Metric, risky: Bool, score: Float) -> Interval:
        """A metric of one score."""
        return self._percentiles(
            metric(risky, score, None), [metric(risky, score, w) for w in self._weights()]
        )

    def difference(self, metric: Metric, risky: Bool, ours: Float, theirs: Float) -> Interval:
        """What one score has over another on the same resamples."""
        value = metric(risky, ours, None) - metric(risky, theirs, None)
        drawn = [metric(risky, ours, w) - metric(risky, theirs, w) for w in self._weights()]
        return self._percentiles(value, drawn)

    def _weights(self) -> list[Float]:
        if self._draws is None:
            return []
        return [draw[self._of].astype(np.float64) for draw in self._draws]

    def _percentiles(self, value: float, drawn: list[float]) -> Interval:
        known = np.array([d for d in drawn if np.isfinite(d)])
        if not len(known):
            return Interval(value, float("nan"), float("nan"))
        low, high = np.percentile(known, self._tails)
        return Interval(value, float(low), float(high))
