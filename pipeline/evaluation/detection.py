"""How early counterparties are found, how much money, and how wide the intervals are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.served import Served
from pipeline.evaluation.splits import Trial

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def alerted(score: Float, share: float) -> Bool:
    """The highest scores, at most that share of them; ties that do not fit are left out, [N]."""
    return np.asarray(score > _cut(score, share), np.bool_)


def alerted_cases(score: Float, counterparty: npt.NDArray[np.uint64], share: float) -> Bool:
    """All scores above one threshold that at most that share of the counterparties reach, [N].

    A counterparty's first alert opens its case; further ones cost nothing.
    """
    _, owner = np.unique(counterparty, return_inverse=True)
    highest = np.full(owner.max(initial=-1) + 1, -np.inf)
    np.maximum.at(highest, owner, score)
    return np.asarray(score > _cut(highest, share), np.bool_)


def _cut(score: Float, share: float) -> float:
    """What at most that share of the scores exceed."""
    allowed = int(share * len(score))
    return -np.inf if allowed >= len(score) else float(np.sort(score)[::-1][allowed])


def caught_after(trial: Trial, alerts: Bool, most: int) -> Float:
    """Share of risky counterparties that an alert on a risky payment has found, by payments.

    Args:
        trial: payments and their truth.
        alerts: which payments are alerted, [N].
        most: payments of a counterparty to look at.

    Returns:
        [most]; entry i is the share found within the first i + 1 own payments. NaN if
        nothing is risky.
    """
    risky = np.unique(trial.counterparty[trial.risky])
    if not len(risky):
        return np.full(most, np.nan)
    hits = trial.risky & alerts
    first: dict[int, int] = {}
    keys, seen = trial.counterparty[hits].tolist(), trial.seen[hits].tolist()
    for key, before in zip(keys, seen, strict=True):
        first[key] = min(before, first.get(key, before))
    found = np.bincount([f for f in first.values() if f < most], minlength=most)
    return np.asarray(np.cumsum(found) / len(risky), np.float64)


def value_found(risky: Bool, score: Float, amount: Float, ratios: Float) -> Float:
    """Share of the risky money found at each number of false alerts to a true one."""
    return np.array([metrics.value_detected(risky, score, amount, r) for r in ratios.tolist()])


@dataclass(frozen=True, slots=True)
class Width:
    """Intervals in one range of events seen, weighted to service.

    Attributes:
        coverage: share of cells of payments whose rate lies in their interval.
        mean: width of the 90 % interval.
        undecided: share of payments whose interval holds the alert threshold.
        undecided_alerts: the same among those that reach it.
    """

    coverage: float
    mean: float
    undecided: float
    undecided_alerts: float


def widths(trial: Trial, served: Served, threshold: float) -> dict[str, Width]:
    """Intervals by range of events seen; ranges without payments are left out."""
    bucket = metrics.bucket_of(trial.seen)
    found = {}
    for b, name in enumerate(metrics.bucket_names()):
        rows = bucket == b
        if rows.any():
            found[name] = _width(trial, served, threshold, rows)
    return found


def _width(trial: Trial, served: Served, threshold: float, rows: Bool) -> Width:
    weight = trial.served_weight[rows]
    lower, upper = served.lower[rows], served.upper[rows]
    open_ = (lower < threshold) & (upper >= threshold)
    high = served.probability[rows] >= threshold
    return Width(
        coverage=metrics.coverage(trial.risky[rows], lower, upper, weight),
        mean=float(np.average(upper - lower, weights=weight)),
        undecided=float(np.average(open_, weights=weight)),
        undecided_alerts=float(np.average(open_[high], weights=weight[high]))
        if high.any()
        else float("nan"),
    )
