"""Whole counterparties as the stream would serve them, in batch: for fitting and measuring.

Prompts are adapted after the events that :data:`ADAPT_AFTER` names, as in the stream; every
event is scored with the prompt that it would have met. With ``adapt=False`` the start prompt
scores all (K = 0), everything else equal.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding import N_FIELDS, WINDOW
from pipeline.model.sequences import CROP, Progress, Sequences, crops_at
from pipeline.model.served_model import Float, ServedModel, context_lengths, targets

ADAPT_AFTER: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""Then after every sixteenth event."""
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Timeline:
    """Scores of rows of :class:`Sequences`."""

    row: npt.NDArray[np.int64]
    logit: npt.NDArray[np.float32]
    """Log odds of the risk head, [N]."""
    surprise: npt.NDArray[np.float32]
    """[N, F]."""
    adaptations: int
    accepted: int


def due(count: int) -> bool:
    """Whether the stream adapts after an entity's event number ``count``."""
    return count in ADAPT_AFTER or (count > WINDOW and count % WINDOW == 0)


def play(
    model: ServedModel,
    sequences: Sequences,
    adapt: bool,
    later_share: float,
    seed: int,
    progress: Progress,
) -> Timeline:
    """Score the events of all counterparties.

    Args:
        model: to serve with.
        sequences: counterparties to play.
        adapt: whether prompts are adapted on the way.
        later_share: share of the events beyond the first CROP that are scored (each needs
            a window of its own); the first CROP always are.
        seed: which of them.
        progress: told of every batch.
    """
    rng = np.random.default_rng(seed)
    wanted = (sequences.position < CROP) | (rng.random(len(sequences.risky)) < later_share)
    order = np.argsort(sequences.length, kind="stable")
    parts: list[Timeline] = []
    for begin in range(0, len(order), _BATCH):
        owners = order[begin : begin + _BATCH]
        parts.append(_play_batch(model, sequences, owners, wanted, adapt))
        progress("play", min(begin + _BATCH, len(order)), len(order))
    return Timeline(
        np.concatenate([p.row for p in parts]),
        np.concatenate([p.logit for p in parts]),
        np.concatenate([p.surprise for p in parts]),
        sum(p.adaptations for p in parts),
        sum(p.accepted for p in parts),
    )


def _play_batch(
    model: ServedModel,
    sequences: Sequences,
    owners: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
    adapt: bool,
) -> Timeline:
    played = [_play_opening(model, sequences, owners, adapt)]
    prompts = played[0][1]
    longest = int(sequences.length[owners].max())
    cuts = [CROP, *(c for c in range(CROP, longest) if due(c)), longest]
    for first, end in itertools.pairwise(cuts):
        if first >= end:
            continue
        played.append(_play_later(model, sequences, owners, wanted, prompts, (first, end), adapt))
        prompts = played[-1][1]
    parts = [timeline for timeline, _ in played]
    return _joined(parts)


def _joined(parts: list[Timeline]) -> Timeline:
    return Timeline(
        np.concatenate([p.row for p in parts]),
        np.concatenate([p.logit for p in parts]),
        np.concatenate([p.surprise for p in parts]),
        sum(p.adaptations for p in parts),
        sum(p.accepted for p in parts),
    )


def _play_opening(
    model: ServedModel, sequences: Sequences, owners: npt.NDArray[np.int64], adapt: bool
) -> tuple[Timeline, Float]:
    """The first CROP events, from one pass of each backbone."""
    crops = crops_at(sequences, owners, np.zeros(len(owners), np.int64))
    codes, features = sequences.codes[crops.rows], sequences.features[crops.rows]
    told = sequences.told[crops.rows]
    last = np.concatenate([np.zeros_like(codes[:, :1]), codes[:, :-1]], axis=1)
    states = model.states(codes, crops.length)
    risk_states = model.risk_states(codes, crops.length)
    prompts = model.start_prompts(len(owners))
    logit = np.empty(codes.shape[:2], np.float32)
    surprise = np.empty(codes.shape, np.float32)
    adaptations = accepted = 0
    cuts = [0, *(ADAPT_AFTER if adapt else ()), CROP]
    for first, end in itertools.pairwise(cuts):
        active = np.flatnonzero(crops.length >= first)
        if first > 0 and len(active):
            counts = np.full(len(active), first)
            own = codes[active, :WINDOW]
            adapted = model.adapt_states(
                states[active], own, targets(counts), counts < WINDOW, prompts[active]
            )
            prompts[active] = adapted.prompts
            adaptations += len(active)
            accepted += int(adapted.accepted.sum())
        who, at = np.nonzero(crops.real[:, first:end])
        at += first
        output = model.judge(
            states[who, at],
            last[who, at],
            codes[who, at],
            features[who, at],
            prompts[who],
            risk_states[who, at + 1],
            _heard(told[who, at]),
        )
        logit[who, at], surprise[who, at] = output.logit, output.surprise
    real = crops.real
    timeline = Timeline(crops.rows[real], logit[real], surprise[real], adaptations, accepted)
    return timeline, prompts


def _play_later(
    model: ServedModel,
    sequences: Sequences,
    owners: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
    prompts: Float,
    stretch: tuple[int, int],
    adapt: bool,
) -> tuple[Timeline, Float]:
    """Wanted events of a stretch of positions, each in its own window."""
    first, end = stretch
    adaptations = accepted = 0
    active = np.flatnonzero(sequences.length[owners] > first)
    if adapt and due(first) and len(active):
        window = _windows(sequences, owners[active], first)
        trusted = np.ones((len(active), WINDOW), np.bool_)
        result = model.adapt(window, np.full(len(active), WINDOW), prompts[active], trusted)
        prompts = prompts.copy()
        prompts[active] = result.prompts
        adaptations, accepted = len(active), int(result.accepted.sum())
    row, who = _rows(sequences, owners, wanted, first, end)
    if len(row) == 0:
        none = np.empty(0, np.float32)
        nothing = Timeline(row, none, none.reshape(0, N_FIELDS), adaptations, accepted)
        return nothing, prompts
    lengths = context_lengths(sequences.position_of(row))
    back = np.minimum((row - lengths)[:, None] + np.arange(WINDOW), row[:, None])
    output, _ = model.score(
        sequences.codes[back],
        lengths,
        sequences.codes[row],
        sequences.features[row],
        prompts[who],
        told=_heard(sequences.told[row]),
    )
    timeline = Timeline(row, output.logit, output.surprise, adaptations, accepted)
    return timeline, prompts


def _heard(told: npt.NDArray[np.float16]) -> Float | None:
    """States of other sides as the model takes them; None if no language model made any."""
    return told.astype(np.float32) if told.shape[1] else None


def _rows(
    sequences: Sequences,
    owners: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
    first: int,
    end: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Wanted rows of positions first to end, with each one's place in owners."""
    length = np.clip(sequences.length[owners], first, end) - first
    who = np.repeat(np.arange(len(owners)), length)
    within = np.arange(len(who)) - np.repeat(np.cumsum(length) - length, length)
    row = sequences.begin[owners][who] + first + within
    keep = wanted[row]
    return row[keep], who[keep]


def _windows(
    sequences: Sequences, owners: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int16]:
    """The full window of each owner after ``count`` events."""
    rows = sequences.begin[owners][:, None] + np.arange(count - WINDOW, count)
    window: npt.NDArray[np.int16] = sequences.codes[rows]
    return window
