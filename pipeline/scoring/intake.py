"""First phase of a batch: recognise repeats, encode new events, append them to histories.

Two records of one entity go to successive rounds, so that each meets the profile as the one
before left it. Everything the model needs is copied here, so that scoring can run over many
rounds at once: only an adaptation that falls due splits it into waves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.encoding.aggregates import N_FEATURES
from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.encoder import append, encode
from pipeline.encoding.fields import N_FIELDS
from pipeline.encoding.history import WINDOW
from pipeline.moments import milliseconds
from pipeline.scoring.arena import Arena
from pipeline.scoring.effects import LogRecord
from pipeline.scoring.ladder import adaptation_due
from pipeline.scoring.repeats import is_repeat, mark, record_key, record_ms
from schemas.records import Disposition, ExposureUpdate, Observation

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Answer:
    """A disposition, the slot it concerns, and its place among the batch's records."""

    position: int
    wave: int
    slot: int
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class Intake:
    """The new records of a batch. Arrays have one row an observation, in log order.

    Attributes:
        position: place among the batch's records.
        wave: number of adaptations of the entity that come before within the batch.
        due: an adaptation follows this event.
        seen: events of the entity before this one.
        codes: [N, F] of the event; ``window`` [N, WINDOW, F] and ``features`` [N, A] as they
            stood before it.
        exposure: of the entity at this event.
    """

    observations: list[Observation]
    slot: Rows
    position: Rows
    wave: Rows
    due: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.int64]
    arrived_ms: npt.NDArray[np.int64]
    event_ms: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int16]
    window: npt.NDArray[np.int16]
    features: npt.NDArray[np.float32]
    exposure: npt.NDArray[np.float32]
    answers: list[Answer]
    touched: list[str]
    repeats: int

    def __len__(self) -> int:
        return len(self.observations)

    @property
    def length(self) -> npt.NDArray[np.int64]:
        """Events in each window, [N]."""
        return np.minimum(self.seen, WINDOW)

    @property
    def waves(self) -> int:
        """Waves that scoring takes; answers may stand in one more."""
        of_answers = max((a.wave for a in self.answers), default=-1)
        return 1 + max(int(self.wave.max(initial=-1)), of_answers)

    def contexts(self, rows: Rows, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The last events before each row, so many of each, [n, WINDOW, F], left-aligned."""
        first = self.length[rows] - lengths
        events = np.minimum(first[:, None] + np.arange(WINDOW), WINDOW - 1)
        contexts: npt.NDArray[np.int16] = self.window[rows[:, None], events]
        return contexts

    def window_after(self, rows: Rows) -> npt.NDArray[np.int16]:
        """Windows with their event appended, [n, WINDOW, F], the oldest first."""
        windows = self.window[rows]
        full = self.seen[rows] >= WINDOW
        windows[full, :-1] = windows[full, 1:]
        windows[np.arange(len(rows)), np.minimum(self.seen[rows], WINDOW - 1)] = self.codes[rows]
        return windows


def take(batch: Sequence[LogRecord], arena: Arena) -> Intake:
    """Apply a batch to the histories, marks and exposures of its entities."""
    return _Taking(batch, arena).run()


class _Taking:
    """The arrays of a batch while it is taken in."""

    def __init__(self, batch: Sequence[LogRecord], arena: Arena) -> None:
        self._arena = arena
        self._records = [r.record for r in batch]
        entities = [r.entity for r in self._records]
        self._entities = entities
        self._slot = np.array([arena.slot(e) for e in entities], np.intp)
        self._partition = np.array([r.partition for r in batch], np.int32)
        self._offset = np.array([r.offset for r in batch], np.int64)
        self._ms = np.array([record_ms(r) for r in self._records], np.int64)
        self._round = occurrence(self._slot)
        observations = [r for r in self._records if isinstance(r, Observation)]
        self._columns = ObservationColumns.from_observations(observations)
        n = len(observations)
        is_row = np.array([isinstance(r, Observation) for r in self._records], np.bool_)
        self._row = np.full(len(batch), -1, np.intp)
        self._row[is_row] = np.arange(n)
        self._key = np.zeros(len(batch), np.uint64)
        self._key[is_row] = self._columns.uetr
        for i in np.flatnonzero(~is_row).tolist():
            self._key[i] = record_key(self._records[i])
        self._fresh = np.zeros(len(batch), np.bool_)
        self._changed = np.zeros(len(batch), np.bool_)
        self._wave = np.zeros(n, np.intp)
        self._due = np.zeros(n, np.bool_)
        self._seen = np.zeros(n, np.int64)
        self._codes = np.empty((n, N_FIELDS), np.int16)
        self._window = np.empty((n, WINDOW, N_FIELDS), np.int16)
        self._features = np.empty((n, N_FEATURES), np.float32)
        self._exposure = np.zeros(n, np.float32)
        self._answers: list[Answer] = []
        self._local = np.unique(self._slot, return_inverse=True)[1].astype(np.intp)
        self._wave_now = np.zeros(len(batch), np.intp)

    def run(self) -> Intake:
        order = np.argsort(self._round, kind="stable")
        ends = np.cumsum(np.bincount(self._round, minlength=0))
        for start, end in zip((0, *ends[:-1].tolist()), ends.tolist(), strict=True):
            self._take_round(order[start:end])
        return self._result()

    def _take_round(self, at: Rows) -> None:
        """Take in records of distinct entities."""
        places = (self._slot[at], self._key[at], self._partition[at], self._offset[at])
        repeated = is_repeat(self._arena, *places, self._ms[at])
        # A payment sent again further on in the log stays known; one delivered again, behind
        # what was applied, must leave the state as it is.
        further = (self._partition[at] != self._arena.partition[self._slot[at]]) | (
            self._offset[at] > self._arena.offset[self._slot[at]]
        )
        marked = at[~repeated | further]
        mark(
            self._arena,
            *(self._slot[marked], self._key[marked]),
            *(self._partition[marked], self._offset[marked]),
            self._ms[marked],
        )
        self._changed[marked] = True
        at = at[~repeated]
        self._fresh[at] = True
        rows = self._row[at]
        for i in at[rows < 0].tolist():
            self._take_other(i)
        if (rows >= 0).any():
            self._take_observations(at[rows >= 0])

    def _take_other(self, i: int) -> None:
        record, slot = self._records[i], int(self._slot[i])
        if isinstance(record, Disposition):
            wave = int(self._wave_now[self._local[i]])
            self._answers.append(Answer(i, wave, slot, record))
        elif isinstance(record, ExposureUpdate):
            when = milliseconds(record.event_at)
            if when >= self._arena.exposure_ms[slot]:
                self._arena.exposure[slot] = record.exposure
                self._arena.exposure_ms[slot] = when

    def _take_observations(self, at: Rows) -> None:
        rows, slots = self._row[at], self._slot[at]
        histories = self._arena.histories
        columns = self._columns.take(rows)
        encoded = encode(columns, histories, slots)
        self._codes[rows] = encoded.codes
        self._features[rows] = encoded.features
        self._window[rows] = histories.codes[slots]
        self._seen[rows] = histories.count[slots]
        self._exposure[rows] = self._arena.exposure[slots]
        append(columns, encoded, histories, slots)
        self._due[rows] = adaptation_due(histories.count[slots])
        local = self._local[at]
        self._wave[rows] = self._wave_now[local]
        self._wave_now[local] += self._due[rows]

    def _result(self) -> Intake:
        is_row = self._fresh & (self._row >= 0)
        position = np.flatnonzero(is_row)
        rows = self._row[position]
        changed = np.flatnonzero(self._changed).tolist()
        observations = [r for i in position if isinstance(r := self._records[i], Observation)]
        return Intake(
            observations=observations,
            slot=self._slot[position],
            position=position,
            wave=self._wave[rows],
            due=self._due[rows],
            seen=self._seen[rows],
            arrived_ms=self._ms[position],
            event_ms=self._columns.event_ms[rows],
            codes=self._codes[rows],
            window=self._window[rows],
            features=self._features[rows],
            exposure=self._exposure[rows],
            answers=sorted(self._answers, key=lambda a: (a.wave, a.position)),
            touched=list(dict.fromkeys(self._entities[i] for i in changed)),
            repeats=int((~self._fresh).sum()),
        )


def occurrence(keys: Rows) -> Rows:
    """How often each key occurred before, [n]."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(keys)])
    rank = np.empty(len(keys), np.intp)
    rank[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return rank
