"""Labelled observations as encoded sequences, one a counterparty, in order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding import (
    N_FEATURES,
    N_FIELDS,
    STANDING_EVENTS,
    WINDOW,
    Histories,
    ObservationColumns,
    append,
    encode,
)

CROP: Final = WINDOW + 1
"""Events of a crop: a full window and the event that follows it."""

NOBODY: Final = -1
"""In place of the row of another side that was not known yet."""

Progress = Callable[[str, int, int], None]
"""Called with stage, steps done, and steps in all."""


@dataclass(frozen=True, slots=True)
class LabelledColumns:
    """Observations with the truth about each, all of length N."""

    columns: ObservationColumns
    risky: npt.NDArray[np.int8]
    """1 where the entity's side of the payment is part of a risky scheme."""
    family: npt.NDArray[np.int16]
    """Behaviour family that made the payment; -1 for schemes."""
    typology: npt.NDArray[np.int8]
    """Typology of the scheme, -1 for none; set for risky sides only."""
    staged: npt.NDArray[np.bool_] | None = None
    """Whether a scheme or a benign look-alike made the payment; None: where it is risky."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Encoded events of E counterparties; rows of one are contiguous and in order."""

    codes: npt.NDArray[np.int16]
    """[N, F]."""
    features: npt.NDArray[np.float32]
    """[N, A]."""
    risky: npt.NDArray[np.int8]
    family: npt.NDArray[np.int16]
    typology: npt.NDArray[np.int8]
    staged: npt.NDArray[np.bool_]
    begin: npt.NDArray[np.int64]
    """First row of each counterparty and the end, [E + 1]."""
    key: npt.NDArray[np.uint64]
    """Entity key of each counterparty, [E]."""
    told: npt.NDArray[np.float16]
    """The language model's state of the other side before the event, [N, d], NaN for unknown;
    d is 0 as long as no language model has read the sequences."""
    other: npt.NDArray[np.int64]
    """Row of the other side's newest event before this one, or NOBODY, [N]: a row of the
    sequences as encoded, before counterparties were chosen among them."""

    def __len__(self) -> int:
        return len(self.key)

    @property
    def length(self) -> npt.NDArray[np.int64]:
        """Events of each counterparty, [E]."""
        return np.diff(self.begin)

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """Counterparty of each row, [N]."""
        return np.repeat(np.arange(len(self)), self.length)

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """Events of its counterparty before each row, [N]."""
        rows = np.arange(len(self.risky), dtype=np.int64)
        return rows - self.begin[self.owner]

    def position_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Events of its counterparty before each of the given rows."""
        owner = np.searchsorted(self.begin, rows, side="right") - 1
        position: npt.NDArray[np.int64] = rows - self.begin[owner]
        return position

    def of(self, chosen: npt.NDArray[np.bool_]) -> Sequences:
        """Only the counterparties under the mask, [E]."""
        kept = np.repeat(chosen, self.length)
        return self.cut(kept, self.length[chosen], self.key[chosen])

    def first(self, events: int) -> Sequences:
        """Only the first so many events of each counterparty."""
        return self.cut(self.position < events, np.minimum(self.length, events), self.key)

    def cut(
        self,
        kept: npt.NDArray[np.bool_],
        length: npt.NDArray[np.int64],
        key: npt.NDArray[np.uint64],
    ) -> Sequences:
        """Only the rows under the mask, [N]: ``length`` rows of each counterparty ``key``."""
        begin = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        parts = {
            f.name: getattr(self, f.name)[kept]
            for f in fields(self)
            if f.name not in ("begin", "key")
        }
        return Sequences(**parts, begin=begin, key=key)

    def ever(self, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Counterparties with at least one row under the mask, [E]."""
        return np.asarray(np.add.reduceat(rows.astype(np.int64), self.begin[:-1]) > 0)

    def main_family(self) -> npt.NDArray[np.int16]:
        """The family of most payments of each counterparty, -1 if schemes made them all."""
        families = int(self.family.max(initial=0)) + 1
        known = self.family >= 0
        counts = np.zeros((len(self), families), np.int64)
        np.add.at(counts, (self.owner[known], self.family[known]), 1)
        return np.where(counts.any(1), counts.argmax(1), -1).astype(np.int16)


def encode_sequences(
    parts: Iterable[LabelledColumns], most_events: int, progress: Progress
) -> Sequences:
    """Replay observations through the encoder exactly as the stream does.

    Args:
        parts: observations in order of arrival.
        most_events: of each counterparty, only the first so many are kept.
        progress: told of every round; a round is one event of every counterparty.
    """
    everything = list(parts)
    columns = ObservationColumns.concatenate([p.columns for p in everything])
    risky, family, typology = (
        np.concatenate([getattr(p, name) for p in everything])
        for name in ("risky", "family", "typology")
    )
    staged = np.concatenate([p.risky == 1 if p.staged is None else p.staged for p in everything])
    order = np.argsort(columns.entity, kind="stable")
    key, first, count = np.unique(columns.entity[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, count)
    kept = rank < most_events
    order, rank = order[kept], rank[kept]
    length = np.minimum(count, most_events)
    begin = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    codes = np.empty((len(order), N_FIELDS), np.int16)
    features = np.empty((len(order), N_FEATURES), np.float32)
    histories = Histories.allocate(len(key))
    rounds = int(length.max(initial=0))
    for done in range(rounds):
        slots = np.flatnonzero(length > done)
        rows = begin[slots] + done
        events = columns.take(order[rows])
        encoded = encode(events, histories, slots)
        append(events, encoded, histories, slots)
        codes[rows], features[rows] = encoded.codes, encoded.features
        progress("encode", done + 1, rounds)
    return Sequences(
        codes,
        features,
        risky=risky[order],
        family=family[order],
        typology=typology[order],
        staged=staged[order],
        begin=begin,
        key=key,
        told=np.empty((len(order), 0), np.float16),
        other=_newest_of_others(
            columns.counterparty[order], columns.standing[order, STANDING_EVENTS], key, begin
        ),
    )


def _newest_of_others(
    counterparty: npt.NDArray[np.uint64],
    events: npt.NDArray[np.float64],
    key: npt.NDArray[np.uint64],
    begin: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Row of the other side's newest event before each of N, the last one kept of it; [N].

    Args:
        counterparty: the other side.
        events: its payments so far, as told; 0 for an unknown one.
    """
    told = events.astype(np.int64)
    other = np.minimum(np.searchsorted(key, counterparty), len(key) - 1)
    known = (told > 0) & (key[other] == counterparty)
    newest = begin[other] + np.minimum(told, np.diff(begin)[other]) - 1
    return np.where(known, newest, NOBODY)


@dataclass(frozen=True, slots=True)
class Crops:
    """C stretches of at most CROP successive events, as row numbers."""

    rows: npt.NDArray[np.int64]
    """[C, CROP], left-aligned; behind the end the last row is repeated."""
    length: npt.NDArray[np.int64]
    """[C]."""
    from_start: npt.NDArray[np.bool_]
    """Whether the crop begins with its counterparty's first event, [C]."""

    def __len__(self) -> int:
        return len(self.length)

    def take(self, chosen: npt.NDArray[np.intp]) -> Crops:
        """Crops in the given order."""
        return Crops(self.rows[chosen], self.length[chosen], self.from_start[chosen])

    def joined(self, others: Crops) -> Crops:
        """These crops and then the others, of the same sequences."""
        return Crops(
            np.concatenate([self.rows, others.rows]),
            np.concatenate([self.length, others.length]),
            np.concatenate([self.from_start, others.from_start]),
        )

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """Which places hold an event, [C, CROP]."""
        return np.asarray(np.arange(CROP) < self.length[:, None])


def crops_at(
    sequences: Sequences, owner: npt.NDArray[np.int64], offset: npt.NDArray[np.int64]
) -> Crops:
    """Crops of the counterparties ``owner`` from their events ``offset`` on."""
    length = np.minimum(sequences.length[owner] - offset, CROP)
    within = np.minimum(np.arange(CROP), length[:, None] - 1)
    rows = (sequences.begin[owner] + offset)[:, None] + within
    return Crops(rows, length, offset == 0)


def opening_crops(sequences: Sequences) -> Crops:
    """The first crop of every counterparty."""
    owner = np.arange(len(sequences))
    return crops_at(sequences, owner, np.zeros(len(owner), np.int64))


def later_crops(sequences: Sequences, share: float, rng: np.random.Generator) -> Crops:
    """Full crops that end in a random ``share`` of the events that a window has forgotten."""
    last = np.flatnonzero((sequences.position >= CROP) & (rng.random(len(sequences.risky)) < share))
    owner = sequences.owner[last]
    return crops_at(sequences, owner, sequences.position[last] - WINDOW)
