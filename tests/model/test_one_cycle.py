from __future__ import annotations

import pytest
import torch

from pipeline.model.one_cycle import one_cycle


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 20, 40, 100])
def test_any_number_of_steps_can_be_taken_and_the_peak_is_the_highest_rate(steps: int) -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([weight], lr=1e-3)
    schedule = one_cycle(optimiser, 1e-3, steps, 0.05)
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert max(rates) <= 1e-3 * (1 + 1e-9)
    if steps >= 3:
        assert max(rates) > 1e-3 / 2
        assert rates[-1] < 1e-3 / 10
