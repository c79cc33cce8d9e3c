"""One backbone on trial: what its frozen states say about the next payment and about risk.

Every backbone gets the same: pre-training of what is not frozen, a risk head on its states,
trees on its surprise, and the stack of both, all at the start prompt (K = 0). Only the first
CROP events of a counterparty count, so that one pass of the backbone gives all of its rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.evaluation.frozen_head import HeadRows, judge, train_head
from pipeline.model.heads import RiskHead
from pipeline.model.pretrain import crop_batch, pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Progress, Sequences, opening_crops
from pipeline.model.stack import Stack
from pipeline.model.trees import Trees, tree_inputs

_PASS: Final = 128
_HEAD_EPOCHS: Final = 15


@dataclass(frozen=True, slots=True)
class TrialData:
    """Disjoint counterparties of one world."""

    fit: Sequences
    """Train everything."""
    held: Sequences
    """Choose the head's epoch, stop the trees, fit the stack."""
    test: Sequences


@dataclass(frozen=True, slots=True)
class BackboneTrial:
    """Scores of the test counterparties' first events; arrays [N]."""

    nats: npt.NDArray[np.float32]
    """Surprise of the event, mean over its fields."""
    head: npt.NDArray[np.float64]
    """Log odds of the risk head."""
    trees: npt.NDArray[np.float64]
    """Log odds of the trees."""
    stack: npt.NDArray[np.float64]
    """Log odds of the stack of both."""
    risky: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.int64]
    counterparty: npt.NDArray[np.uint64]
    pretrain_seconds: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """Inputs and label of head and trees, in the order of the sequences' rows."""

    head: HeadRows
    seen: npt.NDArray[np.int64]

    @property
    def label(self) -> npt.NDArray[np.int8]:
        return self.head.risky.numpy().astype(np.int8)

    @property
    def tree_inputs(self) -> npt.NDArray[np.float32]:
        return tree_inputs(self.head.features.numpy(), self.head.surprise.numpy())


def attempt(
    model: ProfileModel,
    data: TrialData,
    iterations: int,
    augment: bool,
    seed: int,
    device: torch.device,
    progress: Progress,
) -> BackboneTrial:
    """Train what is not frozen, then heads, trees and stack, and score the test split.

    Args:
        model: changed in place; it ends on the CPU, frozen.
        data: the counterparties.
        iterations: optimiser steps of pre-training.
        augment: see :func:`~pipeline.model.pretrain.pretrain`; off for remembered states.
        seed: of everything drawn.
        device: of pre-training.
        progress: told of every step.
    """
    generator = torch.Generator().manual_seed(seed)
    began = time.perf_counter()
    model.to(device)
    crops = opening_crops(data.fit)
    pretrain(model, data.fit, crops, iterations, generator, progress, augment=augment)
    seconds = time.perf_counter() - began
    model.to("cpu").requires_grad_(False).eval()
    fit, held, test = (_rows(model, s) for s in (data.fit, data.held, data.test))
    train_head(model.risk, fit.head, held.head, _HEAD_EPOCHS, generator)
    validation = (held.tree_inputs, held.label)
    trees = Trees.fit(fit.tree_inputs, fit.label, validation, seed)
    on_held, on_test = (
        np.column_stack([_judged(model.risk, rows), trees.logit(rows.tree_inputs)])
        for rows in (held, test)
    )
    stack = Stack.fit(on_held, held.seen, held.label)
    first = data.test.position < CROP
    return BackboneTrial(
        nats=test.head.surprise.mean(1).numpy(),
        head=on_test[:, 0],
        trees=on_test[:, 1],
        stack=stack.logit(on_test, test.seen),
        risky=test.label == 1,
        seen=test.seen,
        counterparty=data.test.key[data.test.owner[first]],
        pretrain_seconds=seconds,
    )


@torch.no_grad()
def _rows(model: ProfileModel, sequences: Sequences) -> _Rows:
    crops = opening_crops(sequences)
    parts: list[tuple[Tensor, ...]] = []
    for begin in range(0, len(crops), _PASS):
        chosen = crops.take(np.arange(begin, min(begin + _PASS, len(crops))))
        batch = crop_batch(sequences, chosen)
        states = model.backbone(batch.codes)
        surprise = model.surprise(states, batch.codes, model.start_prompts(len(states)))
        columns = (states[:, 1:], surprise, batch.features, batch.risky)
        parts.append(tuple(column[batch.real] for column in columns))
    states, surprise, features, risky = (torch.cat(c) for c in zip(*parts, strict=True))
    position = sequences.position
    head = HeadRows(states, surprise, features, risky)
    return _Rows(head, position[position < CROP])


@torch.no_grad()
def _judged(head: RiskHead, rows: _Rows) -> npt.NDArray[np.float64]:
    return np.asarray(judge(head, rows.head).numpy(), np.float64)
