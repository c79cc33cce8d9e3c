from __future__ import annotations

import pytest
import torch
from torch import Tensor

from pipeline.model.inner_loop import StepSizes, descend
from pipeline.model.meta import MetaLearner, meta_loss

_CURVATURE = torch.tensor([0.2, 1.5])
_CENTRE = torch.tensor([-1.0, 2.0])
_STEP = 0.5


def _task_loss(prompts: Tensor) -> Tensor:
    """Two tasks, ``a / 2 (p - c)^2`` each; prompts are [2, 1, 1]."""
    return 0.5 * _CURVATURE * (prompts[:, 0, 0] - _CENTRE) ** 2


def _step_sizes(steps: int, size: float = _STEP) -> StepSizes:
    made = StepSizes(steps, vectors=1, width=1, size=size)
    with torch.no_grad():
        made.shrink.fill_(-40.0)
    return made


def _no_events(rows: int) -> Tensor:
    return torch.zeros(rows)


def _optimum(learner: MetaLearner, steps: int) -> float:
    """Where the start stands still, worked out by hand for quadratic tasks.

    With ``r = (1 - step * a)^K``: an adapted prompt is ``c + r (p - c)``. MAML minimises
    ``sum a r^2 (p - c)^2``, FOMAML stands where ``sum a r (p - c) = 0``, Reptile where
    ``sum (1 - r)(p - c) = 0``.
    """
    r = (1 - _STEP * _CURVATURE) ** steps
    weight = {
        MetaLearner.MAML: _CURVATURE * r**2,
        MetaLearner.FOMAML: _CURVATURE * r,
        MetaLearner.REPTILE: 1 - r,
    }[learner]
    return float((weight * _CENTRE).sum() / weight.sum())


def _train(learner: MetaLearner, steps: int, iterations: int = 150) -> float:
    start = torch.zeros(1, 1, requires_grad=True)
    optimiser = torch.optim.SGD([start], lr=1.0)
    sizes = _step_sizes(steps).requires_grad_(False)
    for _ in range(iterations):
        loss = meta_loss(
            learner,
            start.expand(2, -1, -1),
            sizes,
            _task_loss,
            lambda p: _task_loss(p).sum(),
            _no_events(2),
        )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    return float(start.detach())


@pytest.mark.parametrize("learner", list(MetaLearner))
@pytest.mark.parametrize("steps", [1, 3])
def test_each_learner_finds_its_own_known_optimum(learner: MetaLearner, steps: int) -> None:
    outer_on_start_only = 1e-3
    assert _train(learner, steps) == pytest.approx(
        _optimum(learner, steps), abs=outer_on_start_only
    )


def test_the_three_optima_differ() -> None:
    optima = [_optimum(learner, steps=3) for learner in MetaLearner]
    assert min(abs(a - b) for i, a in enumerate(optima) for b in optima[:i]) > 0.05


def test_reptile_finds_what_tasks_have_in_common() -> None:
    centre = torch.tensor([2.5, 3.5])

    def loss(prompts: Tensor) -> Tensor:
        return 0.5 * (prompts[:, 0, 0] - centre) ** 2

    start = torch.zeros(1, 1, requires_grad=True)
    optimiser = torch.optim.SGD([start], lr=0.5)
    sizes = _step_sizes(2, size=0.1).requires_grad_(False)
    for _ in range(60):
        value = meta_loss(
            MetaLearner.REPTILE,
            start.expand(2, -1, -1),
            sizes,
            loss,
            lambda p: loss(p).sum(),
            _no_events(2),
        )
        optimiser.zero_grad()
        torch.autograd.backward(value)
        optimiser.step()
    assert start.detach().item() == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("learner", [MetaLearner.MAML, MetaLearner.FOMAML])
def test_learned_step_sizes_reach_the_inverse_curvature(learner: MetaLearner) -> None:
    def loss(prompts: Tensor) -> Tensor:
        return 0.5 * 4.0 * (prompts[:, 0, 0] - _CENTRE) ** 2

    sizes = _step_sizes(1, size=0.05)
    start = torch.zeros(1, 1)
    optimiser = torch.optim.Adam(sizes.parameters(), lr=0.05)
    for _ in range(200):
        value = meta_loss(
            learner,
            start.requires_grad_().expand(2, -1, -1),
            sizes,
            loss,
            lambda p: loss(p).sum(),
            _no_events(2),
        )
        optimiser.zero_grad()
        torch.autograd.backward(value)
        optimiser.step()
    assert float(sizes.size(0)[0, 0].detach()) == pytest.approx(0.25, rel=0.02)


def test_more_events_take_smaller_steps_per_unit_of_gradient() -> None:
    sizes = _step_sizes(1)
    begin = torch.zeros(2, 1, 1)
    moved = descend(begin, begin[0], lambda p: p.sum((1, 2)), sizes, torch.tensor([0.0, 15.0]))
    assert moved[0].detach().item() == pytest.approx(4 * moved[1].detach().item())


def test_shrinkage_pulls_towards_the_start() -> None:
    sizes = _step_sizes(1)
    with torch.no_grad():
        sizes.shrink.fill_(0.0)
    start = torch.zeros(1, 1)
    moved = descend(
        torch.full((1, 1, 1), 8.0), start, lambda p: 0 * p.sum((1, 2)), sizes, torch.zeros(1)
    )
    assert moved.detach().item() == pytest.approx(4.0)
