from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.metrics import roc_auc
from pipeline.evaluation.online_forest import adaptive_random_forest, river_is_installed
from tests.evaluation.test_baselines import labelled

if not river_is_installed():
    pytest.skip("needs River (extra peers)", allow_module_level=True)


def test_the_forest_learns_a_rule_from_a_stream_repeats_and_scores_rows_apart() -> None:
    stream, test = labelled(600, 1), labelled(200, 9)
    first = adaptive_random_forest(stream, test.features)
    assert roc_auc(test.risky == 1, first) > 0.75
    assert np.array_equal(adaptive_random_forest(stream, test.features[7:9]), first[7:9])
