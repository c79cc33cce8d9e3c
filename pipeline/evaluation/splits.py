"""What is measured on: the first payments of counterparties that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.encoding import ObservationColumns
from pipeline.model.calibration import prior_shift
from pipeline.model.sequences import CROP, LabelledColumns, Sequences, encode_sequences
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
    counterparty: npt.NDArray[np.uint64], staged: npt.NDArray[np.bool_], share_ratio: float
) -> npt.NDArray[np.float64]:
    """Weights under which probabilities, calibrated for service, can be judged, [N].

    Args:
        staged: rows that belong to a scheme or to a look-alike.
        share_ratio: share of counterparties in either in service, divided by the rows'.

    Raises:
        ValueError: all counterparties are in one, or none: no weight can shift that.
    """
    ever = np.isin(counterparty, np.unique(counterparty[staged]))
    return prior_shift(ever, share_ratio)


def encode_trial(
    trial: Trial,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Codes [N, F] and features [N, A] of a trial's rows, each as its history stood before it."""
    return encode_observations(trial.observations)


def encode_observations(
    observations: Sequence[Observation],
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Codes [N, F] and features [N, A] of observations, each as its history stood before it."""
    columns = ObservationColumns.from_observations(observations)
    untold = np.full(len(columns), -1, np.int16)
    labelled = LabelledColumns(columns, untold.astype(np.int8), untold, untold.astype(np.int8))
    sequences = encode_sequences([labelled], len(columns), lambda *_: None)
    order = np.argsort(columns.entity, kind="stable")
    codes, features = np.empty_like(sequences.codes), np.empty_like(sequences.features)
    codes[order], features[order] = sequences.codes, sequences.features
    return codes, features


def training_rows(sequences: Sequences, later_share: float, seed: int) -> npt.NDArray[np.intp]:
    """Rows that the checkpoint's trees were fitted to: all first ones, some of the later.

    Args:
        later_share: share of the events behind the first window that count.
        seed: which of them.
    """
    drawn = np.random.default_rng(seed).random(len(sequences.risky)) < later_share
    return np.flatnonzero((sequences.position < CROP) | drawn)
