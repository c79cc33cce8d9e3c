from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.low_rank import Lessons, low_rank
from pipeline.evaluation.metrics import roc_auc
from pipeline.model import Architecture
from pipeline.model.sequences import Sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.timeline import Timeline, play
from tests.model.checkpoints import random_model
from tests.model.worlds import no_progress, toy_sequences

SMALL = Architecture(width=32, layers=1, heads=2, feed_forward=32, risk_hidden=16)


@pytest.fixture(scope="module")
def served() -> ServedModel:
    return random_model(0, SMALL).served()


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons(toy_sequences(1, 3000, 200), toy_sequences(2, 600, 40), later_share=1.0)


def _judged(model: ServedModel, sequences: Sequences) -> Timeline:
    return play(model, sequences, False, 1.0, 0, no_progress)


def _tuned(served: ServedModel, lessons: Lessons, iterations: int) -> ServedModel:
    return low_rank(served, lessons, iterations, 3, no_progress)[0]


def test_tuning_learns_who_is_risky_repeats_and_leaves_the_served_model_alone(
    served: ServedModel, lessons: Lessons
) -> None:
    before = {name: array.copy() for name, array in served.state.items()}
    tuned = _tuned(served, lessons, 200)
    others = toy_sequences(9, 600, 30)
    line = _judged(tuned, others)
    was = _judged(served, others)
    risky = others.risky[line.row] == 1
    assert roc_auc(risky, line.logit) > roc_auc(risky, was.logit) + 0.1
    again = _tuned(served, lessons, 200)
    assert all(np.array_equal(again.state[name], tuned.state[name]) for name in tuned.state)
    assert all(np.array_equal(served.state[name], before[name]) for name in before)


def test_each_map_of_the_decoder_moves_by_a_matrix_of_rank_two(
    served: ServedModel, lessons: Lessons
) -> None:
    tuned = _tuned(served, lessons, 12)
    assert tuned.state.keys() == served.state.keys()
    for name, array in tuned.state.items():
        if name.startswith("risk."):
            continue
        moved = array - served.state[name.replace("risk_backbone", "backbone")]
        if name.startswith("risk_backbone") and ".layers." in name and array.ndim == 2:
            assert np.linalg.matrix_rank(moved, tol=1e-5) == 2, name
        else:
            assert not moved.any(), name
