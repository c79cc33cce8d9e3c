"""What is measured on: the first payments of counterparties that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.model.calibration import prior_shift
from schemas.records import Observation


@dataclass(frozen=True, slots=True)
class Trial:
    """Observations in log order, and the truth about each; arrays [N].

    Attributes:
        counterparty: key of the observing entity; resampled whole.
        seen: events of the entity before this one.
        served_weight: turns the trial's share of risky counterparties into that of service.
    """

    observations: Sequence[Observation]
    counterparty: npt.NDArray[np.uint64]
    seen: npt.NDArray[np.int64]
    risky: npt.NDArray[np.bool_]
    amount: npt.NDArray[np.float64]
    served_weight: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.risky)


def rank_of(counterparty: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Events of the same counterparty before each row, [N]."""
    order = np.argsort(counterparty, kind="stable")
    ordered = counterparty[order]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return rank


def served_weight(
    counterparty: npt.NDArray[np.uint64], risky: npt.NDArray[np.bool_], share_ratio: float
) -> npt.NDArray[np.float64]:
    """Weights under which probabilities, calibrated for service, can be judged, [N].

    Args:
        share_ratio: share of risky counterparties in service, divided by that of the rows'.
    """
    ever = np.isin(counterparty, np.unique(counterparty[risky]))
    return prior_shift(ever, float(ever.mean()) * share_ratio)
