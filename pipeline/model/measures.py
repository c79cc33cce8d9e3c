"""What a recipe measures of its checkpoint on counterparties that it never trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.metrics import average_precision, roc_auc
from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.calibration import Calibration, cell_distances

OURS: Final = "stack, adapted"
_ALL: Final = "all"

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one test split."""

    positives: dict[str, int]
    """Risky events by range of events seen, and in all."""
    base_rate: dict[str, float]
    average_precision: dict[str, dict[str, float]]
    """Score name to PR-AUC by range that holds a risky event."""
    roc_auc: dict[str, float]
    """Score name to ROC-AUC over all ranges."""
    gains: dict[str, dict[str, float]]
    """PR-AUC of one score over another, with the paired 95 % interval."""
    coverage: dict[str, float]
    """Share of cells whose rate lies in the 90 % interval, by range that fills a cell."""
    calibration_error: float
    """Mean over those ranges of the gap between probability and rate, at the served share."""
    likelihood: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


def measure(
    scores: dict[str, Float],
    risky: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.int64],
    counterparty: npt.NDArray[np.uint64],
    calibration: Calibration,
    weight: Float,
    likelihood: dict[str, float],
) -> Measured:
    """Measure scores of the same N rows.

    Args:
        scores: name to log odds, [N] each; OURS must be among them.
        risky: [N].
        seen: events seen before, [N].
        counterparty: [N]; resampled whole.
        calibration: of OURS.
        weight: prior-shift weights for coverage and calibration error, [N].
        likelihood: figures of the language model, taken over as they are.
    """
    bucket = bucket_of(seen)
    ranges = {name: bucket == b for b, name in enumerate(BUCKETS)} | {
        _ALL: np.ones(len(risky), np.bool_)
    }
    bootstrap = CounterpartyBootstrap(counterparty, resamples=200, seed=0)
    rivals = [name for name in scores if name != OURS]
    gains = {
        f"{OURS} minus {rival}": _figures(
            bootstrap.difference(average_precision, risky, scores[OURS], scores[rival])
        )
        for rival in rivals
    }
    p = calibration.probability(scores[OURS], seen)
    label = risky.astype(np.int8)
    coverage: dict[str, float] = {}
    errors: list[float] = []
    for b, name in enumerate(BUCKETS):
        rows = bucket == b
        distances = cell_distances(p[rows], label[rows], weight[rows])
        if len(distances):
            coverage[name] = float((distances <= calibration.width[b]).mean())
            errors.append(abs(np.average(label[rows] - p[rows], weights=weight[rows])))
    return Measured(
        positives={name: int(risky[rows].sum()) for name, rows in ranges.items()},
        base_rate={
            name: float(risky[rows].sum() / max(rows.sum(), 1)) for name, rows in ranges.items()
        },
        average_precision={
            score: {
                name: average_precision(risky[rows], values[rows])
                for name, rows in ranges.items()
                if risky[rows].any()
            }
            for score, values in scores.items()
        },
        roc_auc={score: roc_auc(risky, values) for score, values in scores.items()},
        gains=gains,
        coverage=coverage,
        calibration_error=sum(errors) / max(len(errors), 1),
        likelihood=likelihood,
    )


def _figures(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}
