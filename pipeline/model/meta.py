"""Three meta-learners of the prompt's start, in one trainer.

* MAML (Finn, Abbeel and Levine 2017): the outer loss at the adapted prompt, differentiated
  through the inner steps.
* FOMAML: the same with inner gradients taken as constants.
* Reptile (Nichol, Achiam and Schulman 2018): the start moves towards the adapted prompt;
  no query enters. It cannot learn step sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import torch
from torch import Tensor

from pipeline.model.episodes import Episodes, sample_episodes
from pipeline.model.inner_loop import InnerLoss, StepSizes, descend
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Crops, Progress, Sequences

_CLIP: Final = 1.0

OuterLoss = Callable[[Tensor], Tensor]
"""Maps adapted prompts [B, P, d] to a scalar."""


class MetaLearner(StrEnum):
    """How the start learns from adapted prompts."""

    REPTILE = "reptile"
    FOMAML = "fomaml"
    MAML = "maml"


def meta_loss(
    learner: MetaLearner,
    start: Tensor,
    steps: StepSizes,
    inner: InnerLoss,
    outer: OuterLoss,
    events: Tensor,
) -> Tensor:
    """A scalar whose gradient is the meta-learner's.

    Args:
        learner: which one.
        start: the prompt's start, [P, d]; the loss is differentiable in it.
        steps: inner steps, learned by MAML and FOMAML.
        inner: loss of each row on its support, summed over events.
        outer: loss on the queries. Under Reptile it trains only what is not the prompt.
        events: support events of each row, [B].
    """
    begin = start.expand(len(events), -1, -1)
    adapted = descend(begin, start, inner, steps, events, learner is MetaLearner.MAML)
    if learner is not MetaLearner.REPTILE:
        return outer(adapted)
    target = adapted.detach()
    # Half the squared distance has Reptile's update, start - adapted, as its gradient.
    pull = 0.5 * ((start - target) ** 2).sum((1, 2)).mean()
    return pull + outer(target)


def meta_train(
    model: ProfileModel,
    sequences: Sequences,
    crops: Crops,
    learner: MetaLearner,
    iterations: int,
    generator: torch.Generator,
    progress: Progress,
    batch_size: int = 64,
) -> list[float]:
    """Learn the prompt's start, step sizes and read-out; the rest is frozen.

    Returns the outer loss of every iteration.
    """
    model.train()
    for frozen in (model.backbone, model.field_heads, model.risk_backbone, model.risk):
        frozen.requires_grad_(False).eval()
    adaptive = [model.readout.start, model.field_weight, *model.steps.parameters()]
    readout = [p for p in model.readout.parameters() if p is not model.readout.start]
    optimiser = torch.optim.AdamW(
        [
            {"params": readout, "lr": 5e-4, "weight_decay": 0.02},
            {"params": adaptive, "lr": 5e-3, "weight_decay": 0.0},
        ]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    losses: list[float] = []
    for step in range(iterations):
        episodes = sample_episodes(model, sequences, crops, generator, batch_size)
        loss = _episode_loss(model, episodes, learner)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([*adaptive, *readout], _CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress(f"meta-learn ({learner})", step + 1, iterations)
    model.eval()
    return losses


def _episode_loss(model: ProfileModel, episodes: Episodes, learner: MetaLearner) -> Tensor:
    queries = model.readout.queries(episodes.states, episodes.read_last)
    before = queries[:, :, :CROP]
    # The inner loop sees the read-out as it is; under MAML it also shapes it.
    inner_queries = before if learner is MetaLearner.MAML else before.detach()

    def inner(prompts: Tensor) -> Tensor:
        read = model.readout(episodes.states[:, :CROP], inner_queries, prompts)
        nll = model.field_heads.negative_log_likelihood(read, episodes.codes)
        weight = torch.softmax(model.field_weight, dim=0)
        return (nll * episodes.support * weight).sum((1, 2))

    def outer(prompts: Tensor) -> Tensor:
        read = model.readout(episodes.states[:, :CROP], before, prompts)
        surprise = model.field_heads.negative_log_likelihood(read, episodes.codes)
        foreseen = episodes.query & episodes.batch.predicted
        return surprise.mean(2)[foreseen].mean()

    return meta_loss(learner, model.readout.start, model.steps, inner, outer, episodes.events)
