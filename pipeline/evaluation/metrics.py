"""How good probabilities are at finding what is risky, and how honest they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

BUCKETS: Final = ((0, 0), (1, 2), (3, 5), (6, 10), (11, 16), (17, None))
"""Events seen before the scored one, both ends included; None has no end.

Finer than the ranges of a checkpoint's calibration, whose last one is split where the window
of the model begins to forget.
"""


def bucket_names() -> tuple[str, ...]:
    """Names of :data:`BUCKETS`, such as ``1-2`` and ``17+``."""
    return tuple(
        f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}"
        for low, high in BUCKETS
    )


def bucket_of(seen: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Index of the bucket of each number of events seen, [n]."""
    return np.searchsorted([low for low, _ in BUCKETS], seen, side="right") - 1


def average_precision(risky: Bool, score: Float, weight: Float | None = None) -> float:
    """Area under the precision-recall curve as the sum of precision over recall steps.

    Tied scores form one step. Weights count rows (0 drops one), which makes a bootstrap
    resample a reweighting. NaN if nothing is risky.
    """
    true, false, recall_step = _steps(risky, score, weight)
    if not len(recall_step):
        return float("nan")
    precision = true / np.maximum(true + false, 1e-300)
    return float((precision * recall_step).sum())


def roc_auc(risky: Bool, score: Float, weight: Float | None = None) -> float:
    """Probability that a risky row scores above a benign one, ties counting half."""
    true, false, _ = _steps(risky, score, weight)
    if not len(true) or false[-1] == 0:
        return float("nan")
    rate_true, rate_false = np.r_[0.0, true / true[-1]], np.r_[0.0, false / false[-1]]
    return float(np.trapezoid(rate_true, rate_false))


def value_detected(risky: Bool, score: Float, amount: Float, false_per_true: float) -> float:
    """Share of the risky money found while false alerts stay at so many per true one.

    The longest list, from the top, with at most ``false_per_true`` false alerts to a true
    one. Ties are taken whole. NaN if nothing is risky.
    """
    total = float(amount[risky].sum())
    if total == 0:
        return float("nan")
    true, false, _ = _steps(risky, score, None)
    money = _steps(risky, score, amount)[0]
    allowed = np.flatnonzero(false <= false_per_true * true)
    return float(money[allowed[-1]] / total) if len(allowed) else 0.0


def recall_at_alerts(
    risky: Bool, score: Float, alerts: float, weight: Float | None = None
) -> float:
    """Share of risky rows among the highest scores, ties taken by their expected share.

    Weights count rows, also among the alerts.
    """
    true, false, _ = _steps(risky, score, weight)
    if not len(true):
        return float("nan")
    taken = np.r_[0.0, true + false]
    hits = np.interp(min(alerts, taken[-1]), taken, np.r_[0.0, true])
    return float(hits / true[-1])


def recall_at_daily_alerts(
    risky: Bool, score: Float, day: npt.NDArray[np.int64], alerts: float
) -> float:
    """Share of risky rows among the highest scores of each day, so many a day.

    Days are budgets of their own: what one does not need, no other may spend.
    """
    found = int(risky.sum())
    if found == 0:
        return float("nan")
    hits = 0.0
    for one in np.unique(day[risky]):
        rows = day == one
        hits += recall_at_alerts(risky[rows], score[rows], alerts) * int(risky[rows].sum())
    return hits / found


def brier(risky: Bool, probability: Float, weight: Float | None = None) -> float:
    """Mean squared distance of probabilities from what came true."""
    return float(np.average((probability - risky) ** 2, weights=weight))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Points of a reliability diagram, one per bin."""

    predicted: Float
    observed: Float
    share: Float
    """Weight of the bin's rows in all rows."""


def reliability(
    risky: Bool, probability: Float, weight: Float | None = None, bins: int = 10
) -> Reliability:
    """Mean probability against the share that was risky, in bins of as many rows each.

    Bins of equal size, since almost all payments share one corner of the unit interval.
    """
    counted = np.ones(len(risky)) if weight is None else weight
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Reliability(
        predicted=np.array([np.average(probability[p], weights=counted[p]) for p in parts]),
        observed=np.array([np.average(risky[p], weights=counted[p]) for p in parts]),
        share=np.array([counted[p].sum() for p in parts]) / counted.sum(),
    )


def calibration_error(
    risky: Bool, probability: Float, weight: Float | None = None, bins: int = 10
) -> float:
    """Expected calibration error over bins of equal size (Naeini et al. 2015)."""
    points = reliability(risky, probability, weight, bins)
    return float((np.abs(points.predicted - points.observed) * points.share).sum())


def coverage(
    risky: Bool, lower: Float, upper: Float, weight: Float | None = None, cell: int = 100
) -> float:
    """Share of cells whose observed rate lies within their mean bounds; NaN without cells.

    An interval bounds a rate, which a single outcome cannot show: rows of like intervals
    are pooled, ``cell`` at a time; what fills no cell is left out.
    """
    counted = np.ones(len(risky)) if weight is None else weight
    cells = len(risky) // cell
    if cells == 0:
        return float("nan")
    order = np.argsort(lower + upper, kind="stable")[: cells * cell].reshape(cells, cell)
    total = counted[order].sum(1)
    rate, low, high = (
        (counted[order] * values[order]).sum(1) / total for values in (risky, lower, upper)
    )
    return float(((low <= rate) & (rate <= high)).mean())


def precision_recall(risky: Bool, score: Float) -> tuple[Float, Float]:
    """Precision and recall at every distinct score, from the highest down."""
    true, false, _ = _steps(risky, score, None)
    return true / (true + false), true / true[-1]


def _steps(risky: Bool, score: Float, weight: Float | None) -> tuple[Float, Float, Float]:
    """Weight of risky and of benign rows at or above each distinct score, descending.

    The third array is the recall gained at each step; all are empty if nothing is risky.
    """
    if not risky.any():
        return np.empty(0), np.empty(0), np.empty(0)
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    counted = np.ones(len(score)) if weight is None else weight[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    true = np.cumsum(counted * risky[order])[ends]
    false = np.cumsum(counted * ~risky[order])[ends]
    if true[-1] == 0:
        return np.empty(0), np.empty(0), np.empty(0)
    return true, false, np.diff(np.r_[0.0, true]) / true[-1]
