"""A risk head that is trained on the states of a frozen language model, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from pipeline.model.heads import RiskHead
from pipeline.model.one_cycle import one_cycle

_BATCH: Final = 1024
_RATE: Final = 3e-3


@dataclass(frozen=True, slots=True)
class HeadRows:
    """Inputs and label of a risk head for N events."""

    states: Tensor
    """[N, width], after the event."""
    surprise: Tensor
    """[N, F]."""
    features: Tensor
    """[N, A]."""
    risky: Tensor
    """[N], 0 or 1."""

    def take(self, rows: Tensor) -> HeadRows:
        """Rows in the given order."""
        return HeadRows(
            self.states[rows], self.surprise[rows], self.features[rows], self.risky[rows]
        )


def judge(head: RiskHead, rows: HeadRows) -> Tensor:
    """Log odds of risk, [N]."""
    logit: Tensor = head(head.hidden(rows.states, rows.surprise, rows.features))
    return logit


def train_head(
    head: RiskHead, fit: HeadRows, held: HeadRows, epochs: int, generator: torch.Generator
) -> list[float]:
    """Fit a head; it ends frozen, as it was after its best epoch on the held-out rows.

    Args:
        head: changed in place.
        fit: rows to learn from.
        held: rows of others, to choose the epoch by.
        epochs: passes over ``fit``.
        generator: of the order of rows; dropout draws from torch's own.

    Returns:
        Held-out loss after each epoch.
    """
    head.requires_grad_(True)
    head.standardise_by(fit.features)
    optimiser = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=0.05)
    n = len(fit.risky)
    size = min(_BATCH, n)
    schedule = one_cycle(optimiser, _RATE, epochs * (n // size), 0.1)
    losses: list[float] = []
    best: dict[str, Tensor] = {}
    for _ in range(epochs):
        head.train()
        order = torch.randperm(n, generator=generator)
        for begin in range(0, n - size + 1, size):
            rows = fit.take(order[begin : begin + size])
            optimiser.zero_grad()
            torch.autograd.backward(binary_cross_entropy_with_logits(judge(head, rows), rows.risky))
            optimiser.step()
            schedule.step()
        head.eval()
        with torch.no_grad():
            losses.append(float(binary_cross_entropy_with_logits(judge(head, held), held.risky)))
        if losses[-1] == min(losses):
            best = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    head.load_state_dict(best)
    head.requires_grad_(False)
    return losses
