"""The logistic stack: log odds of the risk head and of the trees become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.model.buckets import BUCKETS, bucket_of

Float = npt.NDArray[np.float64]
_RIDGE: Final = 3.0
_LIMIT: Final = 15.0


@dataclass(frozen=True, slots=True)
class Stack:
    """One weight per part, and an intercept, for each range of events seen."""

    weights: Float
    """[len(BUCKETS), parts + 1], the intercept last."""

    def logit(self, parts: Float, events_seen: npt.NDArray[np.int64]) -> Float:
        """Stacked log odds, [N], of the parts' log odds, [N, parts]."""
        chosen = self.weights[bucket_of(events_seen)]
        bounded = np.clip(parts, -_LIMIT, _LIMIT)
        # Summed column by column: a matrix product's bits would depend on the batch.
        total = chosen[:, -1].copy()
        for i in range(parts.shape[1]):
            total += chosen[:, i] * bounded[:, i]
        return total

    @classmethod
    def fit(
        cls, parts: Float, events_seen: npt.NDArray[np.int64], label: npt.NDArray[np.int8]
    ) -> Stack:
        """Fit by penalised likelihood; each range is shrunk towards the fit of all rows.

        Args:
            parts: log odds of the parts, [N, parts], on rows that trained neither of them.
            events_seen: [N].
            label: 0 or 1, [N].
        """
        n_parts = parts.shape[1]
        bounded = np.clip(parts, -_LIMIT, _LIMIT)
        everywhere = _logistic(bounded, label, np.full(n_parts + 1, 1 / n_parts))
        rows = bucket_of(events_seen)
        weights = [
            _logistic(bounded[rows == b], label[rows == b], everywhere) for b in range(len(BUCKETS))
        ]
        return cls(np.stack(weights))

    def to_json(self) -> dict[str, Any]:
        """Plain lists, for the manifest."""
        return {"weights": self.weights.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Stack:
        """What :meth:`to_json` wrote."""
        return cls(np.array(data["weights"], np.float64))


def _logistic(parts: Float, label: npt.NDArray[np.int8], centre: Float) -> Float:
    """Logistic regression with weights at least 0, shrunk towards ``centre``."""
    design = np.column_stack([parts, np.ones(len(parts))])
    sign = 2.0 * label - 1

    def objective(w: Float) -> tuple[float, Float]:
        margin = sign * (design @ w)
        away = w - centre
        value = np.logaddexp(0, -margin).sum() + _RIDGE * (away**2).sum()
        gradient = -design.T @ (sign * expit(-margin)) + 2 * _RIDGE * away
        return float(value), gradient

    bounds = [(0.0, None)] * parts.shape[1] + [(None, None)]
    result = minimize(objective, centre.copy(), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(result.x, np.float64)
