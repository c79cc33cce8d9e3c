"""Intervals by resampling counterparties: their payments are not independent rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Metric = Callable[[Bool, Float, Float | None], float]

_TAILS: Final = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its percentile interval; all NaN where nothing could be measured."""

    value: float
    low: float
    high: float

    def __format__(self, form: str) -> str:
        """The figure and its interval, each number in the given form; – without a figure."""
        if not math.isfinite(self.value):
            return "–"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


class CounterpartyBootstrap:
    """Resamples whole counterparties, the same ones for every rival (paired).

    A resample is a weight a row: how often its counterparty was drawn.
    """

    def __init__(
        self,
        counterparty: npt.NDArray[np.uint64],
        *,
        resamples: int = 200,
        seed: int = 0,
    ) -> None:
        keys, self._of = np.unique(counterparty, return_inverse=True)
        random = np.random.default_rng(seed)
        even = np.full(len(keys), 1 / max(len(keys), 1))
        self._draws = random.multinomial(len(keys), even, size=resamples) if len(keys) else None

    def interval(self, metric: Metric, risky: Bool, score: Float) -> Interval:
        """A metric of one score."""
        return percentiles(metric(risky, score, None), self.drawn(metric, risky, score))

    def difference(self, metric: Metric, risky: Bool, ours: Float, theirs: Float) -> Interval:
        """What one score has over another on the same resamples."""
        value = metric(risky, ours, None) - metric(risky, theirs, None)
        gained = self.drawn(metric, risky, ours) - self.drawn(metric, risky, theirs)
        return percentiles(value, gained)

    def drawn(self, metric: Metric, risky: Bool, score: Float) -> Float:
        """The metric on every resample; the same resamples for every score."""
        return np.array([metric(risky, score, weight) for weight in self._weights()])

    def _weights(self) -> Iterator[Float]:
        for draw in () if self._draws is None else self._draws:
            yield draw[self._of].astype(np.float64)


def percentiles(value: float, drawn: Float) -> Interval:
    """A figure with the 95 % interval of its values on resamples."""
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(known, _TAILS)
    return Interval(value, float(low), float(high))
