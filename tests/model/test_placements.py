from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor

from pipeline.encoding import CARDINALITIES, N_FIELDS
from pipeline.model import Architecture
from pipeline.model.adaptation import Adaptation
from pipeline.model.amortised import AmortisedStart
from pipeline.model.inner_loop import descend
from pipeline.model.meta import MetaLearner, meta_loss
from pipeline.model.placements import Place, Placement, placement_of
from pipeline.model.profile_model import ProfileModel
from tests.model.checkpoints import random_model

_SIZES = Architecture(width=16, layers=2, heads=2, feed_forward=32, readout_heads=2, risk_hidden=16)
_ROWS, _LENGTH = 3, 6


@pytest.fixture(scope="module")
def model() -> ProfileModel:
    """A model whose prompts have a say at every place."""
    model = random_model(seed=1, architecture=_SIZES)
    torch.manual_seed(1)
    model.readout.start.normal_()
    return model


@pytest.fixture(scope="module")
def codes() -> Tensor:
    generator = torch.Generator().manual_seed(2)
    drawn = torch.rand(_ROWS, _LENGTH, N_FIELDS, generator=generator)
    return (drawn * torch.tensor(CARDINALITIES)).long()


def _at(model: ProfileModel, place: Place) -> Placement:
    torch.manual_seed(3)
    return placement_of(model, place)


def _prompts(placement: Placement) -> Tensor:
    noise = torch.randn(_ROWS, *placement.start.shape, generator=torch.Generator().manual_seed(4))
    return (placement.start.detach() + 0.3 * noise).requires_grad_()


@pytest.mark.parametrize("place", list(Place))
def test_every_row_answers_to_its_own_prompt_alone(
    place: Place, model: ProfileModel, codes: Tensor
) -> None:
    placement = _at(model, place)
    prompts = _prompts(placement)
    logits = placement.over(codes)(prompts)
    assert logits.shape == (_ROWS, _LENGTH, sum(CARDINALITIES))
    gradient = torch.autograd.grad(logits[1].square().sum(), prompts)[0]
    assert gradient[1].abs().amax(1).min() > 0
    assert not gradient[[0, 2]].any()


@pytest.mark.parametrize("place", list(Place))
def test_no_event_changes_how_it_was_foreseen(
    place: Place, model: ProfileModel, codes: Tensor
) -> None:
    placement = _at(model, place)
    prompts = _prompts(placement)
    later = codes.clone()
    later[:, 3:] = 0
    one, other = placement.over(codes)(prompts), placement.over(later)(prompts)
    torch.testing.assert_close(one[:, :4], other[:, :4], rtol=0, atol=1e-5)
    assert not torch.allclose(one[:, 4:], other[:, 4:], atol=1e-4)


@pytest.mark.parametrize("place", [Place.LAST_LAYER, Place.SUFFIX])
def test_a_prompt_of_the_start_itself_hardly_moves_what_was_foreseen(
    place: Place, model: ProfileModel, codes: Tensor
) -> None:
    placement = _at(model, place)
    foreseen = model.field_heads(model.backbone(codes))[:, :-1]
    prompted = placement.over(codes)(placement.start.expand(_ROWS, -1, -1))
    assert (prompted - foreseen).square().mean() < 0.2 * foreseen.square().mean()


@pytest.mark.parametrize("place", list(Place))
def test_second_order_gradients_reach_start_and_step_sizes(
    place: Place, model: ProfileModel, codes: Tensor
) -> None:
    model = deepcopy(model)
    for parameter in model.field_heads.parameters():
        parameter.mul_(20.0)
    placement = _at(model, place)
    start = placement.start.requires_grad_()
    # Steps so long that curvature counts: MAML and FOMAML must then differ.
    sizes = model.steps.log_size.fill_(5.0).requires_grad_()
    adaptation = Adaptation(model, placement)
    support = torch.arange(_LENGTH) < 3
    reader = placement.over(codes)

    def outer(prompts: Tensor) -> Tensor:
        return adaptation.surprise(reader, codes, prompts)[:, 3:].mean()

    def gradients(learner: MetaLearner) -> tuple[Tensor, ...]:
        inner = adaptation.inner_loss(reader, codes, support)
        begin, events = adaptation.begin(codes, support), torch.full((_ROWS,), 3)
        loss = meta_loss(learner, begin, model.steps, inner, outer, events)
        return torch.autograd.grad(loss, [start, sizes])

    second, first = gradients(MetaLearner.MAML), gradients(MetaLearner.FOMAML)
    for one, other in zip(second, first, strict=True):
        assert one.isfinite().all()
        assert one.any()
        assert (one - other).norm() > 0.01 * one.norm()


def test_above_the_logits_the_inner_loss_is_convex_in_the_prompt(
    model: ProfileModel, codes: Tensor
) -> None:
    placement = _at(model, Place.READ_OUT)
    loss = Adaptation(model, placement).inner_loss(
        placement.over(codes), codes, torch.ones(_ROWS, _LENGTH)
    )
    one, other = _prompts(placement).detach(), -3 * _prompts(placement).detach()
    for share in (0.25, 0.5, 0.75):
        between = loss(share * one + (1 - share) * other)
        assert (between <= share * loss(one) + (1 - share) * loss(other) + 1e-5).all()


def test_an_amortised_start_sees_the_support_alone_and_is_the_start_without_it(
    model: ProfileModel, codes: Tensor
) -> None:
    torch.manual_seed(5)
    generator = AmortisedStart(_SIZES)
    torch.nn.init.normal_(generator.out)
    adaptation = Adaptation(model, _at(model, Place.READ_OUT), generator)
    place = torch.arange(_LENGTH)
    none, two = (place < torch.tensor([[n]] * _ROWS) for n in (0, 2))
    torch.testing.assert_close(
        adaptation.begin(codes, none), model.readout.start.expand(_ROWS, -1, -1)
    )
    later = codes.clone()
    later[:, 2:] = 0
    begin = adaptation.begin(codes, two)
    torch.testing.assert_close(begin, adaptation.begin(later, two))
    assert not torch.allclose(begin[0], begin[1])
    begin.sum().backward()
    assert generator.key.weight.grad is not None


def test_steps_from_an_amortised_begin_lower_the_inner_loss(
    model: ProfileModel, codes: Tensor
) -> None:
    placement = _at(model, Place.READ_OUT)
    adaptation = Adaptation(model, placement)
    support = torch.ones(_ROWS, _LENGTH)
    loss = adaptation.inner_loss(placement.over(codes), codes, support)
    begin = _prompts(placement).detach()
    moved = descend(begin, begin, loss, model.steps, support.sum(1))
    assert (loss(moved) < loss(begin)).all()
