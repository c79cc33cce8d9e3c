from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.evaluation.ablation.prompt_arms import ARMS, SERVED, Arm
from pipeline.evaluation.ablation.prompt_report import markdown
from pipeline.evaluation.ablation.prompt_trial import Ground, follow, try_arm
from pipeline.model import Architecture
from pipeline.model.adaptation import Adaptation
from pipeline.model.placements import Place, placement_of
from pipeline.model.sequences import opening_crops
from pipeline.model.timeline import play
from pipeline.model.trees import TREE_FEATURES, Trees
from tests.model.checkpoints import random_model
from tests.model.worlds import no_progress, toy_sequences

_SIZES = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)


@pytest.fixture(scope="module")
def ground() -> Ground:
    sequences = toy_sequences(21)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, len(TREE_FEATURES))).astype(np.float32)
    label = (inputs[:, -1] > 0.5).astype(np.int8)
    trees = Trees.fit(inputs, label, (inputs, label), 0, rounds=5)
    model = random_model(2, _SIZES)
    return Ground(model, trees, sequences, opening_crops(sequences), toy_sequences(22))


def test_arms_have_names_of_their_own_and_the_served_one_is_what_serves() -> None:
    assert len({arm.name for arm in ARMS}) == len(ARMS)
    served = Architecture()
    assert (SERVED.vectors, SERVED.steps) == (served.prompt_vectors, served.inner_steps)
    assert SERVED.place is Place.READ_OUT


def test_an_arm_is_followed_as_the_stream_would_serve_it_but_for_the_acceptance_test() -> None:
    model = random_model(4, _SIZES)
    torch.manual_seed(4)
    model.readout.start.normal_(std=0.1)
    model.readout.out.weight.mul_(4.0)
    sequences = toy_sequences(23)
    followed = follow(Adaptation(model, placement_of(model, Place.READ_OUT)), sequences)
    at_start = play(model.served(), sequences, False, 0.0, 0, no_progress)
    served = play(model.served(), sequences, True, 0.0, 0, no_progress)
    order = np.argsort(at_start.row)
    np.testing.assert_allclose(followed.before, at_start.surprise[order], rtol=1e-4, atol=1e-4)
    # A row is either as it was adapted or, not accepted, under an earlier prompt.
    order = np.argsort(served.row)
    alike = np.isclose(followed.after, served.surprise[order], rtol=1e-3, atol=1e-3).all(1)
    moved = ~np.isclose(followed.after, followed.before, atol=1e-3).all(1)
    assert (alike & moved).mean() > 0.1


@pytest.mark.parametrize("place", list(Place))
def test_nothing_is_adapted_before_the_first_event(place: Place, ground: Ground) -> None:
    adaptation = Adaptation(ground.model, placement_of(ground.model, place))
    followed = follow(adaptation, ground.test)
    first = ground.test.position[ground.test.position < 17] == 0
    assert np.array_equal(followed.before[first], followed.after[first])
    assert not np.array_equal(followed.before[~first], followed.after[~first])


def test_an_amortised_start_without_steps_is_trained_as_it_is_used(ground: Ground) -> None:
    arm = Arm("amortised", steps=0, amortised=True)
    few, many = (try_arm(arm, ground, n, 16, 0, no_progress) for n in (1, 40))
    assert many.nats_gain["all"].value < min(few.nats_gain["all"].value, -0.001)


def test_outcomes_are_repeatable_leave_the_ground_alone_and_stand_in_the_table(
    ground: Ground,
) -> None:
    before = {k: v.clone() for k, v in ground.model.state_dict().items()}
    arm = Arm("P=2, amortised", vectors=2, steps=1, amortised=True)
    one, other = (try_arm(arm, ground, 3, 8, 0, no_progress) for _ in range(2))
    timeless = {"step_ms": 0.0, "training_s": 0.0}
    assert replace(one, **timeless) == replace(other, **timeless)
    assert all(torch.equal(v, before[k]) for k, v in ground.model.state_dict().items())
    table = markdown([one.as_dict()])
    gain = one.nats_gain["all"]
    assert f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]" in table
    assert gain.low <= gain.value <= gain.high
