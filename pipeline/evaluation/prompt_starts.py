"""Rivals of the meta-learned start: the same checkpoint, its prompts begun elsewhere.

They are adapted and judged like ours; only what they begin with differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from pipeline.model.checkpoint import Checkpoint
from pipeline.model.pretrain import crop_batch
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import Sequences, opening_crops
from pipeline.model.served_model import ServedModel

Start = npt.NDArray[np.float32]

_START: Final = "readout.start"
_BATCH: Final = 64
_RATE: Final = 1e-2


def with_start(checkpoint: Checkpoint, start: Start) -> Checkpoint:
    """The checkpoint with another start, [P, d], for every counterparty's prompt."""
    model = checkpoint.model
    state = {**model.state, _START: start}
    begun = ServedModel(state, model.architecture, model.prompt_weight)
    return replace(checkpoint, model=begun)


def random_start(served: ServedModel, seed: int) -> Start:
    """Random vectors as long as those of the meta-learned start, [P, d]."""
    learned = served.state[_START]
    drawn = np.random.default_rng(seed).normal(size=learned.shape)
    length = np.linalg.norm(learned, axis=1) / np.linalg.norm(drawn, axis=1)
    return np.asarray(drawn * length[:, None], np.float32)


def multi_task_start(
    served: ServedModel, fit: Sequences, seed: int, iterations: int = 400
) -> Start:
    """One prompt for all, trained on everybody's next-event likelihood at once, [P, d].

    The rest of the checkpoint is frozen, and there is no inner loop: the prompt is made to be
    good as it is, not to be adapted from.

    Args:
        served: whose prompt, begun at :func:`random_start`.
        fit: training counterparties; their first events are used.
        seed: of the beginning and of the order.
        iterations: optimiser steps.
    """
    model = ProfileModel(served.architecture)
    model.load_state_dict({name: torch.tensor(array) for name, array in served.state.items()})
    model.requires_grad_(False).eval()
    start = torch.from_numpy(random_start(served, seed)).requires_grad_()
    optimiser = torch.optim.Adam([start], lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    crops, random = opening_crops(fit), np.random.default_rng(seed)
    for _ in range(iterations):
        batch = crop_batch(fit, crops.take(random.integers(len(crops), size=_BATCH)))
        states = model.backbone(batch.codes)
        surprise = model.surprise(states, batch.codes, start.expand(_BATCH, -1, -1))
        loss = surprise.mean(2)[batch.predicted].mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    return start.detach().numpy()
