"""One score beside its rivals on the same rows, by events seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.served import Served
from pipeline.evaluation.splits import Trial

Float = npt.NDArray[np.float64]

ALL: Final = "all"
EARLY: Final = "1-5"
ALERTED_SHARE: Final = 0.01
"""Share of payments that an alert budget allows."""
DAILY_ALERTS: Final = 50
"""Alerts a day for each DAILY_ALERTS_PER parties: what a desk may look at."""
DAILY_ALERTS_PER: Final = 10_000


@dataclass(frozen=True, slots=True)
class Range:
    """Rows of one range of events seen."""

    name: str
    rows: int
    risky: int


@dataclass(frozen=True, slots=True)
class Rival:
    """Figures of one score; by range where a dictionary."""

    name: str
    average_precision: dict[str, Interval]
    lead: dict[str, Interval]
    """PR-AUC of the first score over this one, paired; none for the first itself."""
    roc_auc: float
    value_at_5: float
    value_at_10: float
    recall_at_budget: float
    recall_at_daily_alerts: float


@dataclass(frozen=True, slots=True)
class Honesty:
    """Calibration of the served probability in one range, at the share of service."""

    brier: float
    calibration_error: float
    coverage: float
    points: metrics.Reliability


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole table."""

    ranges: list[Range]
    rivals: list[Rival]
    honesty: dict[str, Honesty]


def compare(
    trial: Trial, scores: dict[str, Float], served: Served, *, resamples: int = 200
) -> Comparison:
    """Measure scores on the same rows.

    Args:
        trial: the rows and their truth.
        scores: name to score, any increasing scale, [N] each; the first is ours.
        served: the probabilities of ours with their intervals.
        resamples: of counterparties, for intervals.
    """
    masks = _ranges(trial.seen)
    names = list(scores)
    ours = scores[names[0]]
    rivals = []
    samplers = {
        name: CounterpartyBootstrap(trial.counterparty[mask], resamples=resamples)
        for name, mask in masks.items()
    }
    for name in names:
        figures = {
            where: samplers[where].interval(
                metrics.average_precision, trial.risky[mask], scores[name][mask]
            )
            for where, mask in masks.items()
        }
        lead = {
            where: samplers[where].difference(
                metrics.average_precision, trial.risky[mask], ours[mask], scores[name][mask]
            )
            for where, mask in masks.items()
            if name != names[0]
        }
        rivals.append(_rival(name, trial, scores[name], figures, lead))
    ranges = [Range(n, int(m.sum()), int(trial.risky[m].sum())) for n, m in masks.items()]
    honesty = {n: _honesty(trial, served, m) for n, m in masks.items() if m.any()}
    return Comparison(ranges, rivals, honesty)


def _ranges(seen: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.bool_]]:
    bucket = metrics.bucket_of(seen)
    masks = {name: bucket == b for b, name in enumerate(metrics.bucket_names())}
    return {**masks, EARLY: (seen >= 1) & (seen <= 5), ALL: np.ones(len(seen), np.bool_)}


def _rival(
    name: str,
    trial: Trial,
    score: Float,
    average_precision: dict[str, Interval],
    lead: dict[str, Interval],
) -> Rival:
    risky, amount = trial.risky, trial.amount
    alerts = DAILY_ALERTS * trial.parties / DAILY_ALERTS_PER
    return Rival(
        name=name,
        average_precision=average_precision,
        lead=lead,
        roc_auc=metrics.roc_auc(risky, score),
        value_at_5=metrics.value_detected(risky, score, amount, 5),
        value_at_10=metrics.value_detected(risky, score, amount, 10),
        recall_at_budget=metrics.recall_at_alerts(risky, score, ALERTED_SHARE * len(trial)),
        recall_at_daily_alerts=metrics.recall_at_daily_alerts(risky, score, trial.day, alerts),
    )


def _honesty(trial: Trial, served: Served, mask: npt.NDArray[np.bool_]) -> Honesty:
    risky, weight = trial.risky[mask], trial.served_weight[mask]
    p, lower, upper = served.probability[mask], served.lower[mask], served.upper[mask]
    return Honesty(
        brier=metrics.brier(risky, p, weight),
        calibration_error=metrics.calibration_error(risky, p, weight),
        coverage=metrics.coverage(risky, lower, upper, weight),
        points=metrics.reliability(risky, p, weight),
    )
