"""What is measured on: the first payments of counterparties that nothing was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from pipeline.encoding import ObservationColumns, states_heard
from pipeline.model.calibration import prior_shift
from pipeline.model.sequences import CROP, LabelledColumns, Sequences, encode_sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.splits import split
from schemas.records import Observation


@dataclass(frozen=True, slots=True)
class Trial:
    """Observations in log order, and the truth about each; arrays [N].

    Attributes:
        counterparty: key of the observing entity; resampled whole.
        seen: events of the entity before this one.
        day: business day of the payment, from 0.
        family: behaviour family that made the payment, -1 for schemes.
        typology: of the scheme on risky rows, -1 on others.
        served_weight: turns the trial's share of risky counterparties into that of service.
        parties: living in the world when it began; an alert budget is meant for so many.
    """

    observations: Sequence[Observation]
    counterparty: npt.NDArray[np.uint64]
    seen: npt.NDArray[np.int64]
    risky: npt.NDArray[np.bool_]
    amount: npt.NDArray[np.float64]
    day: npt.NDArray[np.int64]
    family: npt.NDArray[np.int16]
    typology: npt.NDArray[np.int8]
    served_weight: npt.NDArray[np.float64]
    parties: int

    def __len__(self) -> int:
        return len(self.risky)

    def of(self, rows: npt.NDArray[np.bool_]) -> Trial:
        """Only the rows under the mask; their events seen stay as they were."""
        chosen = np.flatnonzero(rows)
        arrays = {
            f.name: getattr(self, f.name)[rows]
            for f in fields(self)
            if f.name not in ("observations", "parties")
        }
        return replace(self, observations=[self.observations[i] for i in chosen.tolist()], **arrays)


@dataclass(frozen=True, slots=True)
class EncodedTrial:
    """A trial's observations as the encoder sees them, in both orders."""

    sequences: Sequences
    """One a counterparty."""
    place: npt.NDArray[np.int64]
    """Row of ``sequences`` that each observation became, [N]."""

    @property
    def codes(self) -> npt.NDArray[np.int16]:
        """[N, F], in the order of the trial, each as its history stood before it."""
        return self.sequences.codes[self.place]

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """[N, A], in the order of the trial."""
        return self.sequences.features[self.place]

    @property
    def told(self) -> npt.NDArray[np.float16]:
        """States of the other sides, [N, d], in the order of the trial."""
        return self.sequences.told[self.place]

    def unseen(
        self, families: tuple[int, ...], typologies: tuple[int, ...]
    ) -> dict[str, npt.NDArray[np.bool_]]:
        """Rows of the trials of what training held out, [N] each.

        Payments of risky counterparties that training would have held out, for their family
        or for a typology, beside the benign payments of all. No trial where nothing was.
        """
        held_out = split(self.sequences, families, typologies, seed=0)
        owner = self.sequences.owner[self.place]
        benign = self.sequences.risky[self.place] == 0
        trials = {}
        if families:
            trials["unseen family"] = benign | held_out.unseen_family[owner]
        if typologies:
            trials["unseen typologies"] = benign | held_out.unseen_typology[owner]
        return trials


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


def encode_trial(trial: Trial, model: ServedModel) -> EncodedTrial:
    """Replay a trial through the encoder, as training does with its own world.

    Args:
        model: that understands what its language model told of the other sides.
    """
    columns = ObservationColumns.from_observations(trial.observations)
    risky = trial.risky.astype(np.int8)
    encoded = _encoded(LabelledColumns(columns, risky, trial.family, trial.typology))
    standings = [each.counterparty_standing for each in trial.observations]
    heard = states_heard(standings, model.language_model, model.architecture.width)
    told = np.empty(heard.shape, np.float16)
    told[encoded.place] = heard
    return replace(encoded, sequences=replace(encoded.sequences, told=told))


def encode_observations(
    observations: Sequence[Observation],
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Codes [N, F] and features [N, A] of observations, each as its history stood before it."""
    encoded = encode_columns(ObservationColumns.from_observations(observations))
    return encoded.codes, encoded.features


def encode_columns(columns: ObservationColumns) -> EncodedTrial:
    """Replay observations through the encoder; labels stay unknown."""
    unknown = np.full(len(columns), -1, np.int16)
    short = unknown.astype(np.int8)
    return _encoded(LabelledColumns(columns, short, unknown, short))


def _encoded(labelled: LabelledColumns) -> EncodedTrial:
    entity = labelled.columns.entity
    sequences = encode_sequences([labelled], len(entity), lambda *_: None)
    place = np.empty(len(entity), np.int64)
    place[np.argsort(entity, kind="stable")] = np.arange(len(entity))
    return EncodedTrial(sequences, place)


def arrival_order(counterparty: npt.NDArray[np.uint64], most_events: int) -> npt.NDArray[np.int64]:
    """Place in the stream of every row that :func:`encode_sequences` makes of it.

    Args:
        counterparty: key of the observing entity of each observation, in order of arrival.
        most_events: first events of each counterparty that are kept.
    """
    order = np.argsort(counterparty, kind="stable")
    return order[rank_of(counterparty)[order] < most_events]


def training_rows(sequences: Sequences, later_share: float, seed: int) -> npt.NDArray[np.intp]:
    """Rows that the checkpoint's trees were fitted to: all first ones, some of the later.

    Args:
        later_share: share of the events behind the first window that count.
        seed: which of them.
    """
    drawn = np.random.default_rng(seed).random(len(sequences.risky)) < later_share
    return np.flatnonzero((sequences.position < CROP) | drawn)
