"""Plain rivals on the streaming aggregates: logistic regression, rules, and the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from pipeline.encoding import FEATURES, WINDOW
from pipeline.model.checkpoint import Checkpoint

Features = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]
Float = npt.NDArray[np.float64]

RULES: Final = {
    "amount_z": 1,
    "amount_vs_all_max": 1,
    "gap_z": -1,
    "burst": 1,
    "fan": 1,
    "counterparty_share": -1,
    "corridor_share": -1,
    "passed_through": 1,
    "mirror_best": -1,
    "peak_sum_ratio": 1,
}
"""Features of the rules, with the direction that counts as unusual."""
_RULE_AT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """Features [N, A] with labels [N]."""

    features: Features
    risky: Labels


def logistic_regression(fit: Labelled, features: Features) -> Float:
    """Log odds of a ridge logistic regression on standardised features and their absence."""
    scale = _Scale.of(fit.features)
    model = LogisticRegression(C=0.1, max_iter=300)
    model.fit(_with_absence(scale, fit.features), fit.risky)
    # Summed row by row: a matrix product's bits would depend on the batch.
    weighed = _with_absence(scale, features) * model.coef_[0]
    return np.asarray(weighed.sum(1) + model.intercept_[0], np.float64)


def z_score_rules(fit: Labelled, features: Features) -> Float:
    """By how much, summed, features exceed two standard deviations on their unusual side."""
    scale = _Scale.of(fit.features)
    z = scale.standardise(features)
    columns = [FEATURES.index(name) for name in RULES]
    unusual = z[:, columns] * np.array(list(RULES.values()))
    # The sum of all breaks ties among the many payments that exceed nothing.
    return np.asarray(np.maximum(unusual - _RULE_AT, 0).sum(1) + 1e-3 * unusual.sum(1), np.float64)


def prior_only(
    checkpoint: Checkpoint,
    codes: npt.NDArray[np.int16],
    features: Features,
    told: npt.NDArray[np.float16] | None = None,
) -> Float:
    """Probability of each event if its entity had no history (the lowest tier).

    Args:
        told: states of the other sides, [N, d], NaN for unknown; None: nowhere.
    """
    model, n = checkpoint.model, len(codes)
    nothing_seen = np.zeros(n, np.int64)
    window = np.zeros((n, WINDOW, codes.shape[1]), codes.dtype)
    start = model.start_prompts(n)
    heard = None if told is None else told.astype(np.float32)
    output, _ = model.score(window, nothing_seen, codes, features, start, told=heard)
    return checkpoint.verdict(output, features, nothing_seen).calibrated.probability


@dataclass(frozen=True, slots=True)
class _Scale:
    """Mean and standard deviation of the known values of each feature."""

    mean: Float
    deviation: Float

    @classmethod
    def of(cls, features: Features) -> _Scale:
        known = ~np.isnan(features)
        count = np.maximum(known.sum(0), 1)
        mean = np.where(known, features, 0).sum(0, dtype=np.float64) / count
        variance = (np.where(known, features - mean, 0) ** 2).sum(0) / count
        return cls(mean, np.maximum(np.sqrt(variance), 1e-6))

    def standardise(self, features: Features) -> Float:
        """Standardised values within five deviations, 0 where unknown."""
        z = np.clip((features - self.mean) / self.deviation, -5, 5)
        return np.nan_to_num(z, nan=0.0)


def _with_absence(scale: _Scale, features: Features) -> Float:
    return np.concatenate([scale.standardise(features), np.isnan(features)], axis=1)
