from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipeline.encoding import WINDOW
from pipeline.model import ServedModel
from pipeline.model.inner_loop import descend
from pipeline.model.profile_model import ProfileModel
from pipeline.model.served_model import Float, context_lengths, targets
from tests.model.batches import Batch, random_batch
from tests.model.checkpoints import random_model

_ROWS = 64


@pytest.fixture(scope="module")
def trained() -> ProfileModel:
    """The training side, its weights scaled up so that every part has a say."""
    model = random_model(seed=0)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.mul_(2.0)
    return model


@pytest.fixture(scope="module")
def model(trained: ProfileModel) -> ServedModel:
    return trained.served()


@pytest.fixture(scope="module")
def batch(model: ServedModel) -> Batch:
    return random_batch(model, _ROWS)


def every(rows: int = _ROWS) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.ones((rows, WINDOW), np.bool_)


def in_context(trained: ProfileModel, b: Batch) -> tuple[Tensor, Tensor]:
    """Logit and surprise by the modules that are trained."""
    rows, lengths = torch.arange(len(b.codes)), torch.from_numpy(b.lengths)
    codes = torch.from_numpy(b.codes)
    sequence = torch.cat([torch.from_numpy(b.window), torch.zeros_like(codes[:, None])], dim=1)
    sequence[rows, lengths] = codes
    states = trained.backbone(sequence)
    surprise = trained.surprise(states, sequence, torch.from_numpy(b.prompts))[rows, lengths]
    after = trained.risk_backbone(sequence)[rows, lengths + 1]
    features = torch.from_numpy(b.features)
    told = torch.from_numpy(b.told)
    return trained.risk(trained.risk.hidden(after, surprise, features, told)), surprise


def own_losses(trained: ProfileModel, b: Batch, prompts: Tensor, cells: Tensor) -> Tensor:
    """Negative log likelihood of own events under prompts, [B, WINDOW, F], where counted."""
    window = torch.from_numpy(b.window)
    surprise: Tensor = trained.surprise(trained.backbone(window), window, prompts)
    return surprise * cells[:, :, None]


def test_serving_computes_what_was_trained(
    trained: ProfileModel, model: ServedModel, batch: Batch
) -> None:
    logit, surprise = in_context(trained, batch)
    b = batch
    scored, _ = model.score(b.window, b.lengths, b.codes, b.features, b.prompts, told=b.told)
    np.testing.assert_allclose(scored.surprise, surprise.numpy(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(scored.logit, logit.numpy(), rtol=1e-4, atol=1e-4)


def test_the_inner_loop_is_the_one_that_was_meta_learned(
    trained: ProfileModel, model: ServedModel, batch: Batch
) -> None:
    counted = targets(batch.lengths)
    cells = torch.from_numpy(counted).float()
    weight = torch.softmax(trained.field_weight, dim=0)

    def inner(prompts: Tensor) -> Tensor:
        return (own_losses(trained, batch, prompts, cells) * weight).sum((1, 2))

    start = trained.readout.start.detach()
    whole = torch.from_numpy(batch.lengths < WINDOW)[:, None, None]
    begin = torch.where(whole, start, torch.from_numpy(batch.prompts))
    expected = descend(begin, start, inner, trained.steps, cells.sum(1)).detach().numpy()
    adapted = model.adapt(batch.window, batch.lengths, batch.prompts, every())
    taken = adapted.accepted
    assert taken.any()
    np.testing.assert_allclose(adapted.prompts[taken], expected[taken], rtol=1e-3, atol=1e-3)
    assert np.array_equal(adapted.prompts[~taken], batch.prompts[~taken])


def test_only_rows_whose_held_out_loss_fell_take_a_new_prompt(
    trained: ProfileModel, model: ServedModel, batch: Batch
) -> None:
    adapted = model.adapt(batch.window, batch.lengths, batch.prompts, every())
    fell = adapted.loss_after < adapted.loss_before
    assert np.array_equal(adapted.accepted, fell & (batch.lengths > 0))
    counted = targets(batch.lengths)
    newest_first = counted[:, ::-1].cumsum(1)[:, ::-1]
    held = counted & (newest_first <= np.ceil(counted.sum(1) / 4)[:, None])
    several = counted.sum(1) > 1
    prompts = torch.from_numpy(batch.prompts)
    losses = own_losses(trained, batch, prompts, torch.from_numpy(held).float()).numpy()
    mean = losses.sum((1, 2))[several] / (held.sum(1)[several] * losses.shape[2])
    np.testing.assert_allclose(adapted.loss_before[several], mean, rtol=1e-4)


@pytest.mark.parametrize("size", [1, 3, 8, 13, 33, 63])
def test_a_row_has_the_same_bits_in_batches_of_every_size(
    model: ServedModel, batch: Batch, size: int
) -> None:
    b = batch
    scored, states = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    adapted = model.adapt(b.window, b.lengths, b.prompts, every())
    for begin in range(0, _ROWS, size):
        rows = slice(begin, begin + size)
        p = b.take(rows)
        part, own_states = model.score(p.window, p.lengths, p.codes, p.features, p.prompts)
        assert np.array_equal(part.logit, scored.logit[rows])
        assert np.array_equal(part.surprise, scored.surprise[rows])
        assert np.array_equal(own_states, states[rows])
        again = model.adapt(p.window, p.lengths, p.prompts, every(len(p.codes)))
        assert np.array_equal(again.prompts, adapted.prompts[rows])
        assert np.array_equal(again.loss_after, adapted.loss_after[rows])


def test_states_of_scoring_serve_the_inner_loop(model: ServedModel, batch: Batch) -> None:
    rows = np.flatnonzero(batch.lengths < WINDOW)
    b = Batch(*(getattr(batch, name)[rows] for name in Batch.__slots__))
    _, states = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    window = b.window.copy()
    window[np.arange(len(rows)), b.lengths] = b.codes
    lengths = b.lengths + 1
    fresh = model.adapt(window, lengths, b.prompts, every(len(rows)))
    kept = model.adapt_states(states, window, targets(lengths), lengths < WINDOW, b.prompts)
    assert np.array_equal(kept.prompts, fresh.prompts)


def test_a_context_read_event_by_event_has_the_bits_of_one_read_at_once(
    model: ServedModel, batch: Batch
) -> None:
    b, rows = batch, np.arange(_ROWS)
    events = np.concatenate([b.window, b.window[::-1], b.codes[:, None]], axis=1)
    memory = model.memory(_ROWS)
    for seen in range(events.shape[1]):
        length = int(context_lengths(np.array([seen]))[0])
        window = np.zeros_like(b.window)
        window[:, :length] = events[:, seen - length : seen]
        event = window, np.full(_ROWS, length), events[:, seen], b.features, b.prompts
        kept, kept_states = model.score(*event, memory, rows)
        fresh, states = model.score(*event)
        assert np.array_equal(kept.logit, fresh.logit)
        assert np.array_equal(kept.surprise, fresh.surprise)
        assert np.array_equal(kept_states, states)


@pytest.mark.parametrize("places", [1, 7])
def test_contexts_that_share_a_place_disturb_each_other_in_no_bit(
    model: ServedModel, batch: Batch, places: int
) -> None:
    b, memory = batch, model.memory(places)
    fresh, states = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    for _ in range(2):
        shared, shared_states = model.score(
            *(b.window, b.lengths, b.codes, b.features, b.prompts),
            *(memory, np.arange(_ROWS) % places),
        )
        assert np.array_equal(shared.logit, fresh.logit)
        assert np.array_equal(shared_states, states)


@given(seen=st.integers(0, 10_000))
def test_a_context_grows_by_one_event_or_moves_on_and_keeps_more_than_half_a_window(
    seen: int,
) -> None:
    length, following = context_lengths(np.array([seen, seen + 1])).tolist()
    assert length <= min(seen, WINDOW)
    assert length > WINDOW // 2 or length == seen
    assert following == length + 1 or (length == WINDOW and following == WINDOW // 2 + 1)
    if (seen + 1) % WINDOW == 0:
        assert length == WINDOW - 1, "with its event the whole window, which adapts then"


def test_codes_behind_the_end_of_a_window_change_nothing(model: ServedModel, batch: Batch) -> None:
    b = batch
    behind = np.arange(WINDOW) >= b.lengths[:, None]
    dirty = np.where(behind[:, :, None], 1, b.window).astype(b.window.dtype)
    clean, _ = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    same, _ = model.score(dirty, b.lengths, b.codes, b.features, b.prompts)
    assert np.array_equal(clean.logit, same.logit)


def test_the_prompt_matters(model: ServedModel, batch: Batch) -> None:
    b = batch
    adapted, _ = model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    start = model.start_prompts(_ROWS)
    unadapted, _ = model.score(b.window, b.lengths, b.codes, b.features, start)
    assert not np.array_equal(adapted.surprise, unadapted.surprise)


def test_distrusted_events_are_not_learned_from(model: ServedModel, batch: Batch) -> None:
    b = batch
    none = ~every()
    assert not model.adapt(b.window, b.lengths, b.prompts, none).accepted.any()
    first_two = none.copy()
    first_two[:, :2] = True
    some = model.adapt(b.window, b.lengths, b.prompts, first_two)
    assert not np.array_equal(
        some.prompts, model.adapt(b.window, b.lengths, b.prompts, every()).prompts
    )


def test_an_unknown_feature_leaves_the_log_odds_finite(model: ServedModel, batch: Batch) -> None:
    b = batch
    unknown = b.features.copy()
    unknown[:, 5] = np.nan
    scored, _ = model.score(b.window, b.lengths, b.codes, unknown, b.prompts)
    assert np.isfinite(scored.logit).all()


def test_a_prompt_counts_by_its_weight(model: ServedModel, batch: Batch) -> None:
    b, start = batch, model.start_prompts(_ROWS)

    def surprise(weight: float, prompts: Float) -> Float:
        weighed = ServedModel(model.state, model.architecture, weight)
        output, _ = weighed.score(b.window, b.lengths, b.codes, b.features, prompts, told=b.told)
        return output.surprise

    quarter = start + np.float32(0.25) * (b.prompts - start)
    np.testing.assert_allclose(surprise(0.25, b.prompts), surprise(1.0, quarter), rtol=1e-5)
    np.testing.assert_array_equal(surprise(0.0, b.prompts), surprise(1.0, start))
