from __future__ import annotations

import numpy as np
import pytest

from pipeline.encoding import FEATURES, N_FEATURES, N_FIELDS, WINDOW
from pipeline.evaluation.baselines import (
    Labelled,
    logistic_regression,
    prior_only,
    z_score_rules,
)
from pipeline.evaluation.metrics import roc_auc
from pipeline.evaluation.splits import encode_trial
from tests.evaluation.test_splits import make_trial
from tests.model.checkpoints import random_checkpoint


def labelled(rows: int, seed: int) -> Labelled:
    """Payments that are risky where the amount is unusual; some amounts are unknown."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(rows, N_FEATURES)).astype(np.float32)
    column = FEATURES.index("amount_z")
    risky = (features[:, column] + 0.3 * random.normal(size=rows) > 1).astype(np.int8)
    features[random.uniform(size=rows) < 0.1, column] = np.nan
    return Labelled(features, risky)


@pytest.fixture(scope="module")
def test_rows() -> Labelled:
    return labelled(2000, 9)


def test_every_rival_finds_what_can_be_found(test_rows: Labelled) -> None:
    fit, risky = labelled(4000, 1), test_rows.risky == 1
    scores = [
        logistic_regression(fit, test_rows.features),
        z_score_rules(fit, test_rows.features),
    ]
    for score, least in zip(scores, (0.85, 0.6), strict=True):
        assert np.isfinite(score).all()
        assert roc_auc(risky, score) > least


def test_rivals_repeat(test_rows: Labelled) -> None:
    fit = labelled(500, 1)
    for rival in (logistic_regression, z_score_rules):
        first, again = (rival(fit, test_rows.features) for _ in range(2))
        assert np.array_equal(first, again)


def test_a_row_scores_alike_in_any_batch(test_rows: Labelled) -> None:
    fit = labelled(500, 1)
    for rival in (logistic_regression, z_score_rules):
        whole = rival(fit, test_rows.features)
        for size in (1, 2, 3, 50):
            assert np.array_equal(rival(fit, test_rows.features[:size]), whole[:size])


def test_the_prior_knows_nothing_of_the_history() -> None:
    checkpoint = random_checkpoint(0)
    trial = encode_trial(make_trial(40, 3), checkpoint.model)
    codes, features = trial.codes, trial.features
    p = prior_only(checkpoint, codes, features)
    window, none = np.zeros((1, WINDOW, N_FIELDS), np.int16), np.array([0])
    start = checkpoint.model.start_prompts(1)
    output, _ = checkpoint.model.score(window, none, codes[7:8], features[7:8], start)
    alone = checkpoint.verdict(output, features[7:8], none).calibrated.probability
    assert p[7] == alone[0]
