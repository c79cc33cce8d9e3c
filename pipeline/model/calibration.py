"""Log odds become probabilities with an interval, by range of events seen.

Probability: beta calibration (Kull, Silva Filho and Flach 2017) of the stacked log odds,
fitted with weights that turn the training world's share of schemes and look-alikes into the
share expected in service (:func:`prior_shift`).

Interval: split conformal. Rows that fitted nothing are cut into cells of GROUP rows of like
probability; the 90 % quantile of their distance ``|rate - p| / sqrt(p (1 - p) / GROUP)`` says
how far the rate of such a cell strays. So the claim is: among GROUP payments scored like this
one, the share that is risky lies within the interval in 90 % of cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.model.buckets import BUCKETS, bucket_of

Float = npt.NDArray[np.float64]

GROUP: Final = 100
COVERAGE: Final = 0.9
_RIDGE: Final = 1.0
_SMALLEST: Final = 1e-6
_IDENTITY: Final = np.array([1.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Probabilities of N events."""

    probability: Float
    lower: Float
    upper: Float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Beta maps and conformal widths, one row a range of events seen."""

    beta: Float
    """[len(BUCKETS), 3]: slopes of ``ln p`` and ``-ln(1 - p)``, and the intercept."""
    width: Float
    """Conformal quantile of the standardised distance, [len(BUCKETS)]."""

    def probability(self, logit: Float, events_seen: npt.NDArray[np.int64]) -> Float:
        """Calibrated probability, [N]; increasing in the logit within a range."""
        a, b, c = self.beta[bucket_of(events_seen)].T
        shifted = -a * np.logaddexp(0, -logit) + b * np.logaddexp(0, logit) + c
        return np.asarray(np.clip(expit(shifted), _SMALLEST, 1 - _SMALLEST), np.float64)

    def calibrate(self, logit: Float, events_seen: npt.NDArray[np.int64]) -> Calibrated:
        """Probability with its interval, [N] each."""
        p = self.probability(logit, events_seen)
        half = self.width[bucket_of(events_seen)] * _spread(p)
        return Calibrated(p, np.maximum(p - half, 0.0), np.minimum(p + half, 1.0))

    @classmethod
    def fit(
        cls,
        logit: Float,
        events_seen: npt.NDArray[np.int64],
        label: npt.NDArray[np.int8],
        weight: Float,
        conformal: npt.NDArray[np.bool_],
    ) -> Calibration:
        """Fit maps on one part of the rows and widths on the other.

        Args:
            logit: stacked log odds, [N].
            events_seen: [N].
            label: 0 or 1, [N].
            weight: prior-shift weights (:func:`prior_shift`), [N].
            conformal: rows kept for the widths, [N]; whole entities, so that no entity is
                on both sides.
        """
        bucket = bucket_of(events_seen)
        everywhere = _beta(logit[~conformal], label[~conformal], weight[~conformal], _IDENTITY)
        rows = [(bucket == b) & ~conformal for b in range(len(BUCKETS))]
        beta = np.stack([_beta(logit[r], label[r], weight[r], everywhere) for r in rows])
        maps = cls(beta, np.zeros(len(BUCKETS)))
        p = maps.probability(logit, events_seen)
        width = np.empty(len(BUCKETS))
        for b in range(len(BUCKETS)):
            held = conformal & (bucket == b)
            width[b] = conformal_quantile(cell_distances(p[held], label[held], weight[held]))
        return cls(beta, width)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, for the manifest."""
        return {"beta": self.beta.tolist(), "width": self.width.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        """What :meth:`to_json` wrote."""
        return cls(np.array(data["beta"], np.float64), np.array(data["width"], np.float64))


def prior_shift(staged_entity: npt.NDArray[np.bool_], served_ratio: float) -> Float:
    """Weights of N rows that turn the training world's share of schemes into the served one.

    Look-alikes of schemes become rarer together with schemes, so the rows to weigh down are
    those of every entity that took part in either: among payments that look like a scheme
    the share that is one stays as it was. Valid when only the numbers of schemes and
    look-alikes differ in service, not their make.

    Args:
        staged_entity: whether the row's entity took part in a scheme or a look-alike, [N].
        served_ratio: their share in service, divided by that among the rows.

    Raises:
        ValueError: all rows are of such entities, or none: no weight can shift that.
    """
    present = float(staged_entity.mean())
    if not 0 < present < 1:
        raise ValueError("prior shift needs entities in schemes or look-alikes, and others")
    served = present * served_ratio
    odds = served / (1 - served) * (1 - present) / present
    return np.where(staged_entity, odds, 1.0)


def cell_distances(p: Float, label: npt.NDArray[np.int8], weight: Float) -> Float:
    """Standardised distances of cells of GROUP rows of like probability, [cells]."""
    order = np.argsort(p, kind="stable")
    cells = len(p) // GROUP
    used = order[: cells * GROUP].reshape(cells, GROUP)
    total = weight[used].sum(1)
    rate = (weight[used] * label[used]).sum(1) / total
    mean = (weight[used] * p[used]).sum(1) / total
    return np.asarray(np.abs(rate - mean) / _spread(mean), np.float64)


def _spread(p: Float) -> Float:
    return np.asarray(np.sqrt(p * (1 - p) / GROUP), np.float64)


def conformal_quantile(distances: Float) -> float:
    """The ceil((n + 1) * COVERAGE)-th smallest distance; the largest if there are too few."""
    if len(distances) == 0:
        return float(np.sqrt(GROUP))
    rank = min(int(np.ceil((len(distances) + 1) * COVERAGE)), len(distances))
    return float(np.sort(distances)[rank - 1])


def _beta(logit: Float, label: npt.NDArray[np.int8], weight: Float, centre: Float) -> Float:
    design = np.column_stack(
        [-np.logaddexp(0, -logit), np.logaddexp(0, logit), np.ones(len(logit))]
    )
    sign = 2.0 * label - 1

    def objective(w: Float) -> tuple[float, Float]:
        margin = sign * (design @ w)
        away = w - centre
        value = (weight * np.logaddexp(0, -margin)).sum() + _RIDGE * (away[:2] ** 2).sum()
        gradient = -design.T @ (weight * sign * expit(-margin))
        gradient[:2] += 2 * _RIDGE * away[:2]
        return float(value), gradient

    bounds = [(1e-3, None), (1e-3, None), (None, None)]
    result = minimize(objective, centre.copy(), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(result.x, np.float64)
