from __future__ import annotations

import pytest
import torch

from pipeline.encoding import CARDINALITIES, N_FIELDS, WINDOW
from pipeline.model import Checkpoint, ProfileModel
from tests.model.batches import Batch, random_batch

_ROWS = 64


@pytest.fixture(scope="module")
def model() -> ProfileModel:
    return Checkpoint.random(seed=0).model


@pytest.fixture(scope="module")
def batch(model: ProfileModel) -> Batch:
    return random_batch(model, _ROWS)


@pytest.mark.parametrize("size", [1, 3, 8, 13, 33, 63])
def test_a_row_has_the_same_bits_in_batches_of_every_size(
    model: ProfileModel, batch: Batch, size: int
) -> None:
    b = batch
    scored = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    prior = model.prior(b.codes, b.features)
    adapted = model.adapt(b.window, b.lengths, b.prompts)
    for begin in range(0, _ROWS, size):
        rows = slice(begin, begin + size)
        part = model.score(
            b.window[rows], b.lengths[rows], b.codes[rows], b.features[rows], b.prompts[rows]
        )
        assert torch.equal(part.logit, scored.logit[rows])
        assert torch.equal(part.surprise, scored.surprise[rows])
        assert torch.equal(part.hidden, scored.hidden[rows])
        assert torch.equal(model.prior(b.codes[rows], b.features[rows]).logit, prior.logit[rows])
        if begin in (0, _ROWS - size):
            again = model.adapt(b.window[rows], b.lengths[rows], b.prompts[rows])
            assert torch.equal(again.prompts, adapted.prompts[rows])
            assert torch.equal(again.loss_after, adapted.loss_after[rows])


def test_more_than_one_chunk_gives_the_same_rows(model: ProfileModel, batch: Batch) -> None:
    b = batch
    twice = model.score(
        *(torch.cat([t, t]) for t in (b.window, b.lengths)),
        *(torch.cat([t, t]) for t in (b.codes, b.features, b.prompts)),
    )
    assert torch.equal(twice.logit[:_ROWS], twice.logit[_ROWS:])


def test_the_likelihood_of_every_field_sums_to_one(model: ProfileModel) -> None:
    state = torch.randn(1, model.architecture.width)
    for field in (0, 7, N_FIELDS - 1):
        codes = torch.zeros(CARDINALITIES[field], N_FIELDS, dtype=torch.int64)
        codes[:, field] = torch.arange(CARDINALITIES[field])
        nll = model.field_heads.negative_log_likelihood(state.expand(len(codes), -1), codes)
        assert torch.exp(-nll[:, field]).sum().item() == pytest.approx(1, abs=1e-5)


def test_codes_behind_the_end_of_a_window_change_nothing(model: ProfileModel, batch: Batch) -> None:
    b = batch
    behind = torch.arange(WINDOW) >= b.lengths[:, None]
    dirty = torch.where(behind[:, :, None], torch.ones_like(b.window), b.window)
    clean = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    same = model.score(dirty, b.lengths, b.codes, b.features, b.prompts)
    assert torch.equal(clean.logit, same.logit)


def test_without_history_the_score_equals_the_prior(model: ProfileModel, batch: Batch) -> None:
    b = batch
    none = torch.zeros(_ROWS, dtype=torch.int64)
    scored = model.score(b.window, none, b.codes, b.features, model.start_prompts(_ROWS))
    prior = model.prior(b.codes, b.features)
    torch.testing.assert_close(scored.logit, prior.logit, rtol=1e-4, atol=1e-5)


def test_the_prompt_matters(model: ProfileModel, batch: Batch) -> None:
    b = batch
    start = model.start_prompts(_ROWS)
    adapted = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    unadapted = model.score(b.window, b.lengths, b.codes, b.features, start)
    assert not torch.equal(adapted.surprise, unadapted.surprise)


def test_only_rows_whose_held_out_loss_fell_take_a_new_prompt(
    model: ProfileModel, batch: Batch
) -> None:
    b = batch
    adapted = model.adapt(b.window, b.lengths, b.prompts)
    fell = adapted.loss_after < adapted.loss_before
    assert torch.equal(adapted.accepted, fell & (b.lengths > 0))
    changed = (adapted.prompts != b.prompts).any(2).any(1)
    assert torch.equal(changed, adapted.accepted)
    assert adapted.accepted.any()
    assert not adapted.accepted[b.lengths == 0].any()
    assert adapted.steps == model.architecture.inner_steps


def test_distrusted_events_are_not_learned_from(model: ProfileModel, batch: Batch) -> None:
    b = batch
    none = torch.zeros(_ROWS, WINDOW, dtype=torch.bool)
    assert not model.adapt(b.window, b.lengths, b.prompts, none).accepted.any()
    first_two = none.clone()
    first_two[:, :2] = True
    some = model.adapt(b.window, b.lengths, b.prompts, first_two)
    every = model.adapt(b.window, b.lengths, b.prompts)
    assert not torch.equal(some.prompts, every.prompts)


def test_adaptation_lowers_the_own_loss(model: ProfileModel, batch: Batch) -> None:
    b = batch
    start = model.start_prompts(_ROWS)
    adapted = model.adapt(b.window, b.lengths, start)
    own = model.own_events(b.window, b.lengths, torch.ones(_ROWS, WINDOW, dtype=torch.bool))
    before = model.own_loss(own, start, weighted=True)
    after = model.own_loss(own, adapted.prompts, weighted=True)
    assert (after < before)[adapted.accepted].all()
