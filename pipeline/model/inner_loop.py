"""Gradient descent on prompts: the inner loop of every meta-learner and of serving."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

InnerLoss = Callable[[Tensor], Tensor]
"""Maps prompts [B, P, d] to one loss per row, [B]."""


class StepSizes(nn.Module):
    """Learned step sizes and shrinkage of K inner steps (Meta-SGD, Li et al. 2017).

    A step is divided by ``sqrt(1 + n)``, n the number of events whose loss is summed: one
    event must not move a prompt as far as sixteen may.
    """

    def __init__(self, steps: int, vectors: int, width: int, size: float = 3.0) -> None:
        super().__init__()
        self.log_size = nn.Parameter(torch.full((steps, vectors, width), size).log())
        self.shrink = nn.Parameter(torch.full((steps,), -4.0))

    def __len__(self) -> int:
        return len(self.log_size)

    def size(self, step: int) -> Tensor:
        """Step size per element, [P, d]."""
        return self.log_size[step].exp()

    def shrinkage(self, step: int) -> Tensor:
        """Share of the way back to the start taken after the step, in (0, 1)."""
        return torch.sigmoid(self.shrink[step])


def descend(
    begin: Tensor,
    start: Tensor,
    loss: InnerLoss,
    steps: StepSizes,
    events: Tensor,
    second_order: bool = False,
) -> Tensor:
    """Take all inner steps by automatic differentiation of the loss.

    Args:
        begin: prompts to begin at, [B, P, d].
        start: the meta-learned start to shrink towards, [P, d].
        loss: the inner loss, summed over a row's events.
        steps: step sizes; the result is differentiable in them.
        events: number of events of each row, [B].
        second_order: keep the graph of the inner gradients (MAML); otherwise they count as
            constants (first-order MAML).

    Returns:
        Adapted prompts, [B, P, d].
    """
    prompts = begin
    scale = torch.rsqrt(1.0 + events.to(begin))[:, None, None]
    for step in range(len(steps)):
        at = prompts if second_order else prompts.detach().requires_grad_()
        if not at.requires_grad:
            at.requires_grad_()
        gradient = torch.autograd.grad(loss(at).sum(), at, create_graph=second_order)[0]
        moved = prompts - scale * steps.size(step) * gradient
        prompts = moved + steps.shrinkage(step) * (start - moved)
    return prompts
