from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.few_labels import OURS, THEIRS, FewLabels, few_labels
from pipeline.evaluation.metrics import roc_auc
from pipeline.model import Architecture, ServedModel
from tests.model.checkpoints import random_model
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)
_LABELLED = toy_sequences(21, events=3000, entities=150)
_TRIAL = toy_sequences(22, events=700, entities=40)


def _learn(served: ServedModel) -> FewLabels:
    return few_labels(served, _LABELLED, _TRIAL, 1.0, 12, 3, no_progress)


@pytest.fixture(scope="module")
def served() -> ServedModel:
    return random_model(0, _TINY).served()


@pytest.fixture(scope="module")
def learned(served: ServedModel) -> FewLabels:
    return _learn(served)


def test_both_find_what_can_be_found_on_every_row(learned: FewLabels) -> None:
    assert len(learned.risky) == len(_TRIAL.risky)
    assert np.array_equal(learned.risky, _TRIAL.risky == 1)
    assert np.array_equal(learned.seen, _TRIAL.position)
    for name in (OURS, THEIRS):
        assert roc_auc(learned.risky, learned.scores[name]) > 0.85


def test_what_the_checkpoint_knew_of_risk_plays_no_part(
    served: ServedModel, learned: FewLabels
) -> None:
    forgetful = {
        name: np.ones_like(array) if "risk" in name else array
        for name, array in served.state.items()
    }
    again = _learn(ServedModel(forgetful, _TINY))
    for name, score in learned.scores.items():
        assert np.array_equal(again.scores[name], score)
