"""Fine-tuning on risk: a copy of the language model and the head that reads it.

The language model itself stays frozen, so its surprise stays free of labels. Trees that see
only sums of a history err elsewhere than a decoder that reads it event by event; stacked,
they rank better than either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pipeline.model.backbone import Backbone
from pipeline.model.heads import RiskHead
from pipeline.model.one_cycle import one_cycle
from pipeline.model.pretrain import CropBatch, augmented, crop_batch
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Crops, Progress, Sequences

_PASS: Final = 256
_BACKBONE_RATE: Final = 5e-4
_HEAD_RATE: Final = 2e-3
_WARM_UP: Final = 0.1
_CLIP: Final = 1.0
_HIDDEN_FIELDS: Final = 0.1
"""Share of the codes that training hides, as if they were absent."""
_HIDDEN_OTHERS: Final = 0.15
"""Share of the events at which training hides the other side's state."""
_DECAY: Final = 0.995
"""Of the moving average of the weights, which is what is kept."""
_LOOKS: Final = 6
"""Times at which the held-out loss is measured, evenly over the training."""


@dataclass(frozen=True, slots=True)
class RiskCrops:
    """Crops of labelled counterparties with the frozen language model's surprise."""

    sequences: Sequences
    crops: Crops
    surprise: Tensor
    """[C, CROP, F], under the start prompt."""

    @property
    def told(self) -> Tensor:
        """States of the other sides of the crops' first events, [C, width]."""
        return torch.from_numpy(self.sequences.told[self.crops.rows[:, 0]]).float()

    def batch(self, chosen: Tensor) -> tuple[CropBatch, Tensor, Tensor]:
        """Crops in the given order, with their surprise and the states of the other sides."""
        crops = self.crops.take(chosen.numpy())
        told = torch.from_numpy(self.sequences.told[crops.rows]).float()
        return crop_batch(self.sequences, crops), self.surprise[chosen], told


@torch.no_grad()
def risk_crops(model: ProfileModel, sequences: Sequences, crops: Crops) -> RiskCrops:
    """Compute the surprise once, on the model's device: the language model is frozen."""
    device = model.field_weight.device
    if sequences.told.shape[1] == 0:
        untold = np.full((len(sequences.risky), model.architecture.width), np.nan, np.float16)
        sequences = replace(sequences, told=untold)
    parts = []
    for begin in range(0, len(crops), _PASS):
        chosen = crops.take(np.arange(begin, min(begin + _PASS, len(crops))))
        codes = crop_batch(sequences, chosen).codes.to(device)
        prompts = model.start_prompts(len(codes))
        parts.append(model.surprise(model.backbone(codes), codes, prompts).cpu())
    return RiskCrops(sequences, crops, torch.cat(parts))


def train_risk(
    model: ProfileModel,
    fit: RiskCrops,
    held: RiskCrops,
    iterations: int,
    generator: torch.Generator,
    progress: Progress,
    batch_size: int = 64,
) -> list[float]:
    """Fit risk backbone and head as :func:`fit_scorer` does.

    Args:
        model: its risk backbone, which starts as a copy of the backbone, and its risk head
            are changed in place; the rest is frozen.
        fit: crops to learn from.
        held: crops of other counterparties, to choose the moment by.
        iterations: optimiser steps.
        generator: source of the draws; dropout draws from torch's own.
        progress: told of every step.
        batch_size: crops a step.

    Returns:
        Held-out loss at each look.
    """
    scorer = RiskScorer(model.risk_backbone, model.risk)
    scorer.backbone.load_state_dict(model.backbone.state_dict())
    scorer.head.standardise_by(torch.from_numpy(fit.sequences.features), fit.told)
    scorer.requires_grad_(True)
    rate = _BACKBONE_RATE
    return fit_scorer(scorer, fit, held, iterations, generator, progress, rate, batch_size)


class RiskScorer(nn.Module):
    """A backbone and a risk head that are trained by labels."""

    def __init__(self, backbone: Backbone, head: RiskHead) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, codes: Tensor, surprise: Tensor, features: Tensor, told: Tensor) -> Tensor:
        """Log odds of risk of every event of B crops, [B, CROP]."""
        states = self.backbone(codes)[:, 1:]
        logit: Tensor = self.head(self.head.hidden(states, surprise, features, told))
        return logit


def fit_scorer(
    scorer: RiskScorer,
    fit: RiskCrops,
    held: RiskCrops,
    iterations: int,
    generator: torch.Generator,
    progress: Progress,
    backbone_rate: float,
    batch_size: int = 64,
) -> list[float]:
    """Fit all of a scorer that asks for gradients; it ends frozen, as it was at the best look.

    Opening crops teach at every event, later ones at their last, whose window is whole; both
    kinds are drawn equally often. What is kept is a moving average of the weights.

    Args:
        scorer: changed in place, on the device where it is.
        fit: crops to learn from.
        held: crops of other counterparties, to choose the moment by.
        iterations: optimiser steps.
        generator: source of the draws; dropout draws from torch's own.
        progress: told of every step.
        backbone_rate: highest learning rate of the backbone.
        batch_size: crops a step.

    Returns:
        Held-out loss at each look.
    """
    scorer.train()
    average = AveragedModel(scorer, avg_fn=lambda old, new, _: old.lerp(new, 1 - _DECAY)).eval()
    rates = {scorer.backbone: backbone_rate, scorer.head: _HEAD_RATE}
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in part.parameters() if p.requires_grad], "lr": rate}
            for part, rate in rates.items()
        ],
        weight_decay=0.05,
    )
    schedule = one_cycle(optimiser, list(rates.values()), iterations, _WARM_UP)
    opening = torch.from_numpy(fit.crops.from_start)
    share = torch.where(opening, 1 / opening.sum(), 1 / (~opening).sum())
    looks = {iterations * (look + 1) // _LOOKS for look in range(_LOOKS)}
    losses: list[float] = []
    best: dict[str, Tensor] = {}
    for step in range(iterations):
        chosen = torch.multinomial(share, batch_size, replacement=True, generator=generator)
        batch, surprise, told = fit.batch(chosen)
        codes = augmented(batch.codes, generator)
        hidden = torch.rand(codes.shape, generator=generator) < _HIDDEN_FIELDS
        untold = torch.rand(*told.shape[:-1], 1, generator=generator) < _HIDDEN_OTHERS
        others = told.masked_fill(untold, torch.nan)
        loss = _losses(scorer, codes.masked_fill(hidden, 0), surprise, others, batch).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(scorer.backbone.parameters(), _CLIP)
        optimiser.step()
        schedule.step()
        average.update_parameters(scorer)
        if step + 1 in looks:
            losses.append(_held_out_loss(average.module, held))
            if losses[-1] == min(losses):
                best = {k: v.clone() for k, v in average.module.state_dict().items()}
        progress("fine-tune on risk", step + 1, iterations)
    scorer.load_state_dict(best)
    scorer.requires_grad_(False).eval()
    return losses


def _losses(
    scorer: nn.Module, codes: Tensor, surprise: Tensor, told: Tensor, batch: CropBatch
) -> Tensor:
    """Cross entropy of every judged event, [events], on the scorer's device."""
    device = next(scorer.parameters()).device
    batch = batch.to(device)
    later = ~batch.predicted[:, :1]
    last = torch.arange(CROP, device=device) == CROP - 1
    judged = batch.real & (~later | last)
    logit = scorer(codes.to(device), surprise.to(device), batch.features, told.to(device))
    return torch.nn.functional.binary_cross_entropy_with_logits(
        logit[judged], batch.risky[judged], reduction="none"
    )


@torch.no_grad()
def _held_out_loss(scorer: nn.Module, held: RiskCrops) -> float:
    parts = []
    for begin in range(0, len(held.crops), _PASS):
        chosen = torch.arange(begin, min(begin + _PASS, len(held.crops)))
        batch, surprise, told = held.batch(chosen)
        parts.append(_losses(scorer, batch.codes, surprise, told, batch))
    return float(torch.cat(parts).mean())
