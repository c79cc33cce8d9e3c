"""The learning rate of every training: a short rise, then a long fall (Smith and Topin 2018)."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR


def one_cycle(
    optimiser: Optimizer, highest: float | list[float], steps: int, warm_up: float
) -> OneCycleLR:
    """Make the schedule.

    Args:
        highest: learning rate at the peak, one for all groups of parameters or one each.
        steps: of the optimiser, 1 or more.
        warm_up: share of the steps in which the rate rises.
    """
    # torch divides by the length of the rise and of the fall: neither may be 0.
    total = max(steps, 2)
    return OneCycleLR(optimiser, highest, total_steps=total, pct_start=max(warm_up, 1.5 / total))
