"""Our boosted trees on public payments: the same learner with and without the language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import lightgbm
import numpy as np

from pipeline.evaluation.public.rivals import FINE_BINS, Float, Labels, Table

SEEDS: Final = (0, 1, 2)
_ROUNDS: Final = (100, 200)
_SETTINGS: Final = {
    "objective": "binary",
    "boost_from_average": False,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "lambda_l2": 5.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    **FINE_BINS,
}


def boosted_mean(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """Mean log odds of one LightGBM a seed."""
    scores: dict[str, Float] = {}
    table = lightgbm.Dataset(rows, label, params=FINE_BINS)
    for seed in SEEDS:
        booster = lightgbm.train({**_SETTINGS, "seed": seed}, table, _ROUNDS[-1])
        for rounds in _ROUNDS:
            raw = np.asarray(booster.predict(others, raw_score=True, num_iteration=rounds))
            name = f"{rounds} rounds"
            scores[name] = scores.get(name, 0) + raw / len(SEEDS)
    return scores
