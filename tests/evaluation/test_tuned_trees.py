from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation import tuned_trees
from pipeline.evaluation.metrics import roc_auc
from pipeline.evaluation.tuned_trees import lightgbm_tuned
from tests.evaluation.test_baselines import labelled


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuned_trees, "_ROUNDS", 30)


def test_the_tuned_trees_find_what_can_be_found_and_repeat() -> None:
    fit, stop, test = labelled(2000, 1), labelled(700, 2), labelled(700, 9)
    first, chosen = lightgbm_tuned(fit, stop, test.features, trials=3)
    again, same = lightgbm_tuned(fit, stop, test.features, trials=3)
    assert roc_auc(test.risky == 1, first) > 0.85
    assert np.array_equal(first, again)
    assert chosen == same


def test_the_search_prefers_what_is_better_on_the_other_counterparties(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit, stop = labelled(2000, 1), labelled(700, 2)
    # One leaf a tree cannot tell anything apart, so the other values must win.
    hopeless = {"min_data_in_leaf": (1999,), "feature_fraction": (1.0,)}
    monkeypatch.setattr(tuned_trees, "_SPACE", hopeless)
    _, chosen = lightgbm_tuned(fit, stop, stop.features, trials=2)
    assert chosen == tuned_trees._STACKS_OWN


def test_a_row_scores_alike_in_any_batch() -> None:
    fit, stop = labelled(1000, 1), labelled(300, 2)
    whole, _ = lightgbm_tuned(fit, stop, stop.features, trials=1)
    alone, _ = lightgbm_tuned(fit, stop, stop.features[5:6], trials=1)
    assert whole[5] == alone[0]
