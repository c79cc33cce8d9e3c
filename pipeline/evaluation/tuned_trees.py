"""LightGBM on the aggregates, tuned by random search: the rival that counts."""

from __future__ import annotations

from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from pipeline.evaluation.baselines import Features, Float, Labelled
from pipeline.evaluation.metrics import average_precision
from pipeline.model.trees import PARAMETERS

NAME: Final = "LightGBM, tuned"
"""In tables and pictures: the same aggregates as the served score reads."""
OWN_NAME: Final = "LightGBM, tuned, own history"
"""Without what is known of the other sides of the payments."""
SEEDS: Final = (0, 1, 2)
TRIALS: Final = 20
SEARCHED: Final = 50_000
"""Rows, about, that a trial is fitted to."""
FINALISTS: Final = 3
"""Trials that are fitted again, to all rows, before one is chosen."""
_ROUNDS: Final = 800
_PATIENCE: Final = 40

_SPACE: Final[dict[str, tuple[Any, ...]]] = {
    "learning_rate": (0.03, 0.05, 0.08),
    "num_leaves": (7, 15, 31, 63),
    "min_data_in_leaf": (20, 50, 150, 400),
    "feature_fraction": (0.15, 0.3, 0.6, 1.0),
    "bagging_fraction": (0.6, 0.8, 1.0),
    "lambda_l2": (0.0, 1.0, 10.0, 50.0),
    "min_sum_hessian_in_leaf": (1e-3, 1.0, 5.0),
    "path_smooth": (0.0, 10.0),
    # Rare risk: boosting may count it more, or begin at even odds.
    "scale_pos_weight": (1.0, 1.0, 5.0, 20.0),
    "boost_from_average": (True, False),
    "metric": ("binary_logloss", "average_precision"),
}
_STACKS_OWN: Final = {name: PARAMETERS[name] for name in _SPACE if name in PARAMETERS}
"""What the checkpoint's own trees are grown with: the first trial."""


def lightgbm_tuned(
    fit: Labelled, stop: Labelled, features: Features, *, trials: int = TRIALS, seed: int = 0
) -> tuple[Float, dict[str, Any]]:
    """Mean log odds of one LightGBM a seed, with the parameters that a search chose.

    Args:
        fit: rows to learn from; a trial sees SEARCHED of them, drawn at random.
        stop: rows of other counterparties: they stop each fit early, and the FINALISTS best
            trials are fitted again to all rows and chosen from by PR-AUC on them.
        features: rows to score, [N, A].
        trials: random draws from the search space, beside the parameters of the stack.
        seed: of the search.

    Returns:
        Scores [N], and the chosen parameters.
    """
    random = np.random.default_rng(seed)
    drawn = [_STACKS_OWN, *(_draw(random) for _ in range(trials))]
    some = random.random(len(fit.risky)) < SEARCHED / len(fit.risky)
    sample = Labelled(fit.features[some], fit.risky[some])
    tried = sorted(drawn, key=lambda parameters: -_quality(_fit(parameters, sample, stop, 0), stop))
    finalists = [(parameters, _fit(parameters, fit, stop, 0)) for parameters in tried[:FINALISTS]]
    chosen, first = max(finalists, key=lambda finalist: _quality(finalist[1], stop))
    boosters = [first, *(_fit(chosen, fit, stop, another) for another in SEEDS[1:])]
    return np.mean([_score(booster, features) for booster in boosters], axis=0), chosen


def _draw(random: np.random.Generator) -> dict[str, Any]:
    return {name: values[random.integers(len(values))] for name, values in _SPACE.items()}


def _fit(parameters: dict[str, Any], fit: Labelled, stop: Labelled, seed: int) -> lightgbm.Booster:
    train = lightgbm.Dataset(fit.features, fit.risky)
    held = lightgbm.Dataset(stop.features, stop.risky, reference=train)
    return lightgbm.train(
        {**PARAMETERS, "num_threads": 1, **parameters, "seed": seed},
        train,
        _ROUNDS,
        valid_sets=[held],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )


def _score(booster: lightgbm.Booster, features: Features) -> npt.NDArray[np.float64]:
    return np.asarray(booster.predict(features, raw_score=True, num_threads=1), np.float64)


def _quality(booster: lightgbm.Booster, rows: Labelled) -> float:
    return average_precision(rows.risky == 1, _score(booster, rows.features))
