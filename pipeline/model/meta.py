"""Three meta-learners of the prompt's start, in one trainer.

* MAML (Finn, Abbeel and Levine 2017): the outer loss at the adapted prompt, differentiated
  through the inner steps.
* FOMAML: the same with inner gradients taken as constants: the weights of the fields in the
  inner loss, which act only through them, stay as they are.
* Reptile (Nichol, Achiam and Schulman 2018): the start moves towards the adapted prompt;
  no query enters. It cannot learn step sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import torch
from torch import Tensor

from pipeline.model.adaptation import Adaptation
from pipeline.model.episodes import Episodes, sample_episodes
from pipeline.model.inner_loop import InnerLoss, StepSizes, descend
from pipeline.model.sequences import Crops, Progress, Sequences

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
    begin: Tensor,
    steps: StepSizes,
    inner: InnerLoss,
    outer: OuterLoss,
    events: Tensor,
) -> Tensor:
    """A scalar whose gradient is the meta-learner's.

    Args:
        learner: which one.
        begin: prompts at which the inner steps begin, [B, P, d]: the start, repeated or
            amortised; the loss is differentiable in them, and steps shrink towards them.
        steps: inner steps, learned by MAML and FOMAML.
        inner: loss of each row on its support, summed over events.
        outer: loss on the queries. Under Reptile it trains only what is not the prompt.
        events: support events of each row, [B].
    """
    adapted = descend(begin, begin, inner, steps, events, learner is MetaLearner.MAML)
    if learner is not MetaLearner.REPTILE:
        return outer(adapted)
    target = adapted.detach()
    # Half the squared distance has Reptile's update, start - adapted, as its gradient.
    pull = 0.5 * ((begin - target) ** 2).sum((1, 2)).mean()
    return pull + outer(target)


def meta_train(
    adaptation: Adaptation,
    sequences: Sequences,
    crops: Crops,
    learner: MetaLearner,
    iterations: int,
    generator: torch.Generator,
    progress: Progress,
    batch_size: int = 64,
) -> list[float]:
    """Learn the prompt's start, its steps and what is around its place; the rest is frozen.

    The model stays on the device where it is; the read-out is the place that may lie on a GPU.
    Returns the outer loss of every iteration.
    """
    model = adaptation.model
    model.train()
    for frozen in (model.backbone, model.field_heads, model.risk_backbone, model.risk):
        frozen.requires_grad_(False).eval()
    device = model.field_weight.device
    start = adaptation.placement.start
    steps = list(model.steps.parameters())
    around = [p for p in adaptation.around() if p is not start]
    optimiser = torch.optim.AdamW(
        [
            {"params": around, "lr": 5e-3, "weight_decay": 0.02},
            {"params": [start], "lr": 5e-3, "weight_decay": 0.0},
            {"params": steps, "lr": 0.05, "weight_decay": 0.0},
            {"params": [model.field_weight], "lr": 0.1, "weight_decay": 0.0},
        ]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    losses: list[float] = []
    for step in range(iterations):
        episodes = sample_episodes(sequences, crops, generator, batch_size).to(device)
        loss = _episode_loss(adaptation, episodes, learner)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_([*around, start, *steps, model.field_weight], _CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress(f"meta-learn ({learner})", step + 1, iterations)
    model.eval()
    return losses


def _episode_loss(adaptation: Adaptation, episodes: Episodes, learner: MetaLearner) -> Tensor:
    codes, support = episodes.codes, episodes.support
    reader = adaptation.placement.over(codes)

    def outer(prompts: Tensor) -> Tensor:
        surprise = adaptation.surprise(reader, codes, prompts)
        foreseen = episodes.query & episodes.batch.predicted
        return surprise.mean(2)[foreseen].mean()

    begin = adaptation.begin(codes, support)
    inner = adaptation.inner_loss(reader, codes, support)
    return meta_loss(learner, begin, adaptation.model.steps, inner, outer, episodes.events)
