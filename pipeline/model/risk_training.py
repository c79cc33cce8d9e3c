"""Training of the risk head on the frozen model's states, surprise and features.

States are computed once, so an epoch is cheap: the head sees thousands of batches in the
time that a hundred passes of the backbone take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from pipeline.model.pretrain import crop_batch
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Progress, Sequences, opening_crops

_PASS: Final = 128
_BATCH: Final = 1024
_RATE: Final = 3e-3


@dataclass(frozen=True, slots=True)
class RiskRows:
    """Inputs and label of the risk head for N events."""

    states: Tensor
    """[N, width], after the event, start prompts read."""
    surprise: Tensor
    """[N, F]."""
    features: Tensor
    """[N, A]."""
    risky: Tensor
    """[N], 0 or 1."""

    def take(self, rows: Tensor) -> RiskRows:
        """Rows in the given order."""
        return RiskRows(
            self.states[rows], self.surprise[rows], self.features[rows], self.risky[rows]
        )


@torch.no_grad()
def risk_rows(model: ProfileModel, sequences: Sequences) -> RiskRows:
    """Inputs of the risk head for the first CROP events of every counterparty."""
    crops = opening_crops(sequences)
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for begin in range(0, len(crops), _PASS):
        chosen = crops.take(np.arange(begin, min(begin + _PASS, len(crops))))
        batch = crop_batch(sequences, chosen)
        states = model.backbone(batch.codes)
        read_last = torch.cat([torch.zeros_like(batch.codes[:, :1]), batch.codes], dim=1)
        prompts = model.start_prompts(len(batch.codes))
        read = model.readout(states, model.readout.queries(states, read_last), prompts)
        surprise = model.field_heads.negative_log_likelihood(read[:, :CROP], batch.codes)
        real = batch.real
        after = read[:, 1:]
        parts.append((after[real], surprise[real], batch.features[real], batch.risky[real]))
    return RiskRows(*(torch.cat(column) for column in zip(*parts, strict=True)))


def train_risk_head(
    model: ProfileModel,
    fit: RiskRows,
    held: RiskRows,
    epochs: int,
    generator: torch.Generator,
    progress: Progress,
) -> list[float]:
    """Fit the risk head; it ends as it was after its best epoch on the held-out rows.

    Args:
        model: its risk head is changed in place.
        fit: rows to learn from.
        held: rows of other counterparties, to choose the epoch by.
        epochs: passes over ``fit``.
        generator: of the order of rows.
        progress: told of every epoch.

    Returns:
        Held-out loss after each epoch.
    """
    head = model.risk.requires_grad_(True)
    head.standardise_by(fit.features)
    optimiser = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=0.05)
    n = len(fit.risky)
    size = min(_BATCH, n)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=epochs * (n // size), pct_start=0.1
    )
    losses: list[float] = []
    best: dict[str, Tensor] = {}
    for epoch in range(epochs):
        head.train()
        order = torch.randperm(n, generator=generator)
        for begin in range(0, n - size + 1, size):
            loss = _loss(model, fit.take(order[begin : begin + size]))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        head.eval()
        with torch.no_grad():
            losses.append(float(_loss(model, held)))
        if losses[-1] == min(losses):
            best = {name: tensor.clone() for name, tensor in head.state_dict().items()}
        progress("risk head", epoch + 1, epochs)
    head.load_state_dict(best)
    head.requires_grad_(False)
    return losses


def _loss(model: ProfileModel, rows: RiskRows) -> Tensor:
    hidden = model.risk.hidden(rows.states, rows.surprise, rows.features)
    return torch.nn.functional.binary_cross_entropy_with_logits(model.risk(hidden), rows.risky)
