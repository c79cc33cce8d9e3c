"""Pre-training of the backbone on the likelihood of the next event. It sees no labels.

A trial with risk as a second task gave a better risk head but spoilt the surprise: the
backbone had learned its counterparties' labels, surprise carried them, and trees that were
fitted to it did worse on other counterparties than trees without surprise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import torch
from torch import Tensor

from pipeline.encoding import FIELDS
from pipeline.model.one_cycle import one_cycle
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Crops, Progress, Sequences

_WARM_UP: Final = 0.05
_CLIP: Final = 1.0
_HOUR: Final = next(i for i, f in enumerate(FIELDS) if f.name == "hour")
_AMOUNT: Final = next(i for i, f in enumerate(FIELDS) if f.name == "log_amount")
_PERMUTED: Final = tuple(
    i for i, f in enumerate(FIELDS) if f.name in ("own_region", "other_region", "purpose")
)


@dataclass(frozen=True, slots=True)
class CropBatch:
    """Tensors of B crops."""

    codes: Tensor
    """[B, CROP, F], int64."""
    features: Tensor
    """[B, CROP, A]."""
    risky: Tensor
    """[B, CROP], float."""
    real: Tensor
    """Places that hold an event, [B, CROP], bool."""
    predicted: Tensor
    """Places whose event was foreseeable, [B, CROP], bool: not the first of a later crop."""

    def to(self, device: torch.device) -> CropBatch:
        """The same on a device."""
        return CropBatch(*(getattr(self, f.name).to(device) for f in fields(self)))


def crop_batch(sequences: Sequences, crops: Crops) -> CropBatch:
    """Gather crops."""
    rows = crops.rows
    real = crops.real
    predicted = real.copy()
    predicted[:, 0] &= crops.from_start
    return CropBatch(
        torch.from_numpy(sequences.codes[rows].astype(np.int64)),
        torch.from_numpy(sequences.features[rows]),
        torch.from_numpy(sequences.risky[rows].astype(np.float32)),
        torch.from_numpy(real),
        torch.from_numpy(predicted),
    )


def augmented(codes: Tensor, generator: torch.Generator) -> Tensor:
    """The same histories in another city, currency and trade.

    A whole crop is shifted in hour (up to 3) and amount (up to 2 bins), and in half of the
    crops regions and purposes are relabelled; relations stay as they are, since they compare
    a counterparty only with itself.
    """
    batch = len(codes)
    codes = codes.clone()
    hour_shift = torch.randint(-3, 4, (batch, 1), generator=generator)
    hours = FIELDS[_HOUR].cardinality - 1
    codes[..., _HOUR] = (codes[..., _HOUR] - 1 + hour_shift) % hours + 1
    amount_shift = torch.randint(-2, 3, (batch, 1), generator=generator)
    last_bin = FIELDS[_AMOUNT].cardinality - 1
    codes[..., _AMOUNT] = (codes[..., _AMOUNT] + amount_shift).clamp(1, last_bin)
    relabelled = torch.rand(batch, generator=generator) < 0.5
    for field in _PERMUTED:
        # Code 0 means "absent", which no relabelling may invent or hide.
        noise = torch.rand(batch, FIELDS[field].cardinality - 1, generator=generator)
        shuffled = torch.cat([torch.zeros(batch, 1, dtype=torch.int64), noise.argsort(1) + 1], 1)
        mapped = shuffled.gather(1, codes[..., field])
        codes[..., field] = torch.where(relabelled[:, None], mapped, codes[..., field])
    return codes


def pretrain(
    model: ProfileModel,
    sequences: Sequences,
    crops: Crops,
    iterations: int,
    generator: torch.Generator,
    progress: Progress,
    batch_size: int = 64,
    augment: bool = True,
) -> list[float]:
    """Train backbone and field heads; returns the loss of every iteration.

    Args:
        model: changed in place, on the device where it is. A frozen backbone stays as it is.
        sequences: training counterparties only.
        crops: stretches of them.
        iterations: optimiser steps.
        generator: source of all randomness.
        progress: told of every step.
        batch_size: crops a step.
        augment: move every crop to another city, currency and trade.
    """
    model.train()
    device = model.field_weight.device
    parts = (model.backbone, model.field_heads)
    learned = [p for part in parts for p in part.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=2e-3, weight_decay=0.02)
    schedule = one_cycle(optimiser, 2e-3, iterations, _WARM_UP)
    losses: list[float] = []
    for step in range(iterations):
        chosen = torch.randint(len(crops), (batch_size,), generator=generator).numpy()
        batch = crop_batch(sequences, crops.take(chosen))
        codes = augmented(batch.codes, generator) if augment else batch.codes
        codes = codes.to(device)
        logits = model.field_heads(model.backbone(codes)[:, :CROP])
        surprise = model.field_heads.negative_log_likelihood(logits, codes)
        loss = surprise.mean(2)[batch.predicted.to(device)].mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(learned, _CLIP)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress("pretrain", step + 1, iterations)
    model.eval()
    return losses
