"""Both sides of public payments through the service's own encoder and language model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from pipeline.encoding import N_FIELDS
from pipeline.evaluation.frozen_head import HeadRows, judge, train_head
from pipeline.evaluation.public.kept import Arrays, Kept
from pipeline.evaluation.public.payments import PublicPayments
from pipeline.model.architecture import Architecture
from pipeline.model.heads import RiskHead
from pipeline.model.pretrain import pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import (
    Progress,
    Sequences,
    crops_at,
    encode_sequences,
    later_crops,
    opening_crops,
)
from pipeline.model.served_model import context_lengths

_PASS: Final = 256
_EPOCHS: Final = 6
_LATER_SHARE: Final = 0.05
"""Of the events behind the first window, so many end a crop of pre-training."""
_NOTHING: Final = Kept(None)


@dataclass(frozen=True, slots=True)
class TwoSides:
    """N payments, encoded for payer and payee."""

    sequences: Sequences
    row: npt.NDArray[np.int64]
    """Row of the sequences for the payer's and the payee's side, [N, 2]."""

    def features(self, payments: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Streaming aggregates of both sides before each payment, [n, 2 * A]."""
        return self.sequences.features[self.row[payments]].reshape(len(payments), -1)

    def until(self, end: int) -> Sequences:
        """What had happened before payment number ``end``; later events are cut off."""
        s = self.sequences
        kept = np.zeros(len(s.risky), np.bool_)
        kept[self.row[:end]] = True
        length = np.add.reduceat(kept.astype(np.int64), s.begin[:-1])
        present = length > 0
        return s.cut(kept, length[present], s.key[present])


def encode_sides(payments: PublicPayments, progress: Progress, kept: Kept = _NOTHING) -> TwoSides:
    """Replay payments through the encoder; no label takes part."""
    made = kept.arrays("sides", lambda: _encode(payments, progress))
    parts = {f.name: made[f.name] for f in fields(Sequences)}
    return TwoSides(Sequences(**parts), made["row"])


def _encode(payments: PublicPayments, progress: Progress) -> Arrays:
    observed = payments.observations()
    everything = 2 * len(payments)
    sequences = encode_sequences([observed], everything, progress)
    row = np.empty(everything, np.int64)
    row[np.argsort(observed.columns.entity, kind="stable")] = np.arange(everything)
    parts = {f.name: getattr(sequences, f.name) for f in fields(Sequences)}
    return {**parts, "row": row.reshape(-1, 2)}


def learn_language(
    past: Sequences, iterations: int, seed: int, progress: Progress, kept: Kept = _NOTHING
) -> ProfileModel:
    """Pre-train a payments language model on the likelihood of next events, without labels.

    Args:
        past: what had happened before the first payment to be scored.
        iterations: optimiser steps.
        seed: of weights and batches.
        progress: told of every step.
        kept: where the weights stay.
    """
    model = ProfileModel(Architecture())
    made = kept.arrays("language", lambda: _pretrain(past, iterations, seed, progress))
    model.load_state_dict({name: torch.from_numpy(array) for name, array in made.items()})
    return model.requires_grad_(False).eval()


def _pretrain(past: Sequences, iterations: int, seed: int, progress: Progress) -> Arrays:
    rng = np.random.default_rng(seed)
    crops = opening_crops(past).joined(later_crops(past, _LATER_SHARE, rng))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(Architecture())
        generator = torch.Generator().manual_seed(seed)
        pretrain(model, past, crops, iterations, generator, progress)
    return {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """What the frozen model makes of both sides of n payments, K = 0."""

    payments: npt.NDArray[np.intp]
    """Which payments, rising, [n]."""
    states: npt.NDArray[np.float32]
    """After the event, [n, 2, width]."""
    surprise: npt.NDArray[np.float32]
    """Of each field before the event came, in nats, [n, 2, F]."""
    features: npt.NDArray[np.float32]
    """Streaming aggregates before the event, [n, 2, A]."""

    def surprises(self, payments: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Surprise of payments, by field and in all, [m, 2 * (F + 1)]."""
        each = self.surprise[np.searchsorted(self.payments, payments)]
        return np.concatenate([each, each.sum(2, keepdims=True)], axis=2).reshape(len(each), -1)

    def head_rows(self, payments: npt.NDArray[np.intp], label: npt.NDArray[np.int8]) -> HeadRows:
        """Inputs of a risk head, payer's and payee's side in turn, [2 * m]."""
        at = np.searchsorted(self.payments, payments)
        states, surprise, features = (
            torch.from_numpy(array[at].reshape(2 * len(at), -1))
            for array in (self.states, self.surprise, self.features)
        )
        risky = torch.from_numpy(np.repeat(label, 2).astype(np.float32))
        return HeadRows(states, surprise, features, risky)


def read_events(
    model: ProfileModel,
    sides: TwoSides,
    payments: npt.NDArray[np.intp],
    progress: Progress,
    kept: Kept = _NOTHING,
) -> ReadEvents:
    """State and surprise of payments, each in the context of its side's last 9 to 16 events.

    Where a side has fewer, it is all of them: then the service reads the same.
    """
    made = kept.arrays("events", lambda: _read(model, sides, payments, progress))
    shape = (len(payments), 2, -1)
    features = sides.features(payments).reshape(shape)
    return ReadEvents(
        payments, made["states"].reshape(shape), made["surprise"].reshape(shape), features
    )


@torch.no_grad()
def _read(
    model: ProfileModel, sides: TwoSides, payments: npt.NDArray[np.intp], progress: Progress
) -> Arrays:
    sequences, rows = sides.sequences, sides.row[payments].reshape(-1)
    position = sequences.position_of(rows)
    owner = np.searchsorted(sequences.begin, rows, side="right") - 1
    offset = position - context_lengths(position)
    start, crop = np.unique(sequences.begin[owner] + offset, return_inverse=True)
    first = np.searchsorted(sequences.begin, start, side="right") - 1
    crops = crops_at(sequences, first, start - sequences.begin[first])
    by_crop = np.argsort(crop, kind="stable")
    states = np.empty((len(rows), model.architecture.width), np.float32)
    surprise = np.empty((len(rows), N_FIELDS), np.float32)
    for begin in range(0, len(crops), _PASS):
        end = min(begin + _PASS, len(crops))
        of_pass = by_crop[slice(*np.searchsorted(crop[by_crop], (begin, end)))]
        codes = torch.from_numpy(sequences.codes[crops.rows[begin:end]].astype(np.int64))
        each, last = (
            torch.from_numpy(place[of_pass]) for place in (crop - begin, position - offset)
        )
        read = model.backbone(codes)
        states[of_pass] = read[each, last + 1]
        foreseen = model.surprise(read, codes, model.start_prompts(len(codes)))
        surprise[of_pass] = foreseen[each, last]
        progress("read", end, len(crops))
    return {"states": states, "surprise": surprise}


def head_logits(
    events: ReadEvents,
    train: npt.NDArray[np.intp],
    label: npt.NDArray[np.int8],
    payer: npt.NDArray[np.int64],
    others: npt.NDArray[np.intp],
    seed: int,
) -> npt.NDArray[np.float64]:
    """Log odds of the service's risk head for both sides of other payments, [m, 2].

    Args:
        events: read before.
        train: payments to learn from.
        label: 1 or 0 for each of them; both sides get it.
        payer: of each of them; every fifth payer's choose the epoch.
        others: payments to score.
        seed: of weights and batches.
    """
    held = payer % 5 == 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = RiskHead(Architecture().width, Architecture().risk_hidden).eval()
        generator = torch.Generator().manual_seed(seed)
        fit = events.head_rows(train[~held], label[~held])
        stop = events.head_rows(train[held], label[held])
        train_head(head, fit, stop, _EPOCHS, generator)
    rows = events.head_rows(others, np.zeros(len(others), np.int8))
    with torch.no_grad():
        logit = judge(head, rows)
    return np.asarray(logit.numpy(), np.float64).reshape(-1, 2)
