from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.prompt_starts import multi_task_start, random_start, with_start
from pipeline.model import Architecture
from pipeline.model.timeline import play
from tests.model.checkpoints import random_checkpoint
from tests.model.worlds import no_progress, toy_sequences

SMALL = Architecture(width=32, layers=1, heads=2, feed_forward=32, risk_hidden=16)


def test_a_random_start_is_as_long_as_the_learned_one_and_points_elsewhere() -> None:
    model = random_checkpoint(0, SMALL).model
    start, learned = random_start(model, 1), model.start_prompts(1)[0]
    assert np.linalg.norm(start, axis=1) == pytest.approx(np.linalg.norm(learned, axis=1))
    assert np.array_equal(start, random_start(model, 1))
    assert not np.array_equal(start, random_start(model, 2))


def test_a_multi_task_start_foresees_all_better_than_the_one_it_began_with() -> None:
    checkpoint, fit = random_checkpoint(0, SMALL), toy_sequences(1)
    begun = random_start(checkpoint.model, 5)
    start = multi_task_start(checkpoint.model, fit, seed=5, iterations=40)
    assert np.array_equal(start, multi_task_start(checkpoint.model, fit, seed=5, iterations=40))
    others = toy_sequences(2)
    surprise = [
        play(with_start(checkpoint, one).model, others, False, 0.0, 0, no_progress).surprise.mean()
        for one in (begun, start)
    ]
    assert surprise[1] < surprise[0]


def test_another_start_changes_nothing_else() -> None:
    checkpoint = random_checkpoint(0, SMALL)
    start = random_start(checkpoint.model, 1)
    other = with_start(checkpoint, start)
    assert np.array_equal(other.model.start_prompts(2)[1], start)
    assert other.trees is checkpoint.trees
    for name, array in checkpoint.model.state.items():
        assert name == "readout.start" or np.array_equal(array, other.model.state[name])
