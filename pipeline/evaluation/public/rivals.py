"""What others would train on a table of features: each with a few parameters to choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

Table = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int8]
Float = npt.NDArray[np.float64]
Learner = Callable[[Table, Labels, Table], Mapping[str, Float]]
"""Fits rows and labels; scores other rows, once for each choice of parameters."""

FINE_BINS: Final = {"max_bin": 4095, "min_data_in_bin": 1}
"""A limit on amounts may lie inside one of the usual 255 bins, which costs .04 of AP here."""
_TREES: Final = 100


def logistic_regression(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """Ridge logistic regression on standardised features."""
    scale = StandardScaler().fit(rows)
    return {
        f"C={c:g}": np.asarray(
            LogisticRegression(C=c, max_iter=1000)
            .fit(scale.transform(rows), label)
            .decision_function(scale.transform(others))
        )
        for c in (0.1, 1, 10, 100)
    }


def random_forest(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """A hundred trees, some depths."""
    forests = {
        f"depth={depth}": RandomForestClassifier(_TREES, max_depth=depth, random_state=0)
        for depth in (10, 20)
    }
    return {
        name: np.asarray(forest.fit(rows, label).predict_proba(others)[:, 1])
        for name, forest in forests.items()
    }


def balanced_bagging(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """A hundred trees, each on a bootstrap sample with most benign rows left out."""
    fraud, benign = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
    scores = {}
    for per_fraud in (1, 10):
        for depth in (5, 10, 20):
            random = np.random.default_rng(0)
            total = np.zeros(len(others))
            taken = min(per_fraud * len(fraud), len(benign))
            for number in range(_TREES):
                sample = np.r_[random.choice(fraud, len(fraud)), random.choice(benign, taken)]
                tree = DecisionTreeClassifier(max_depth=depth, random_state=number)
                total += tree.fit(rows[sample], label[sample]).predict_proba(others)[:, 1]
            scores[f"{per_fraud} to 1, depth={depth}"] = total / _TREES
    return scores


def gradient_boosting(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """LightGBM, starting from even odds: from the rare fraud's odds it gets stuck."""
    return {
        f"leaves={leaves}, rate={rate:g}, {rounds} rounds": score
        for leaves, rate in ((8, 0.1), (15, 0.05), (31, 0.1))
        for rounds, score in _boost(
            rows,
            label,
            others,
            (50, 100, 200),
            {"num_leaves": leaves, "learning_rate": rate, "lambda_l2": 1.0},
        )
    }


def exact_boosting(rows: Table, label: Labels, others: Table) -> Mapping[str, Float]:
    """As XGBoost with exact splits and base_score 0.5: by levels, no least number of rows."""
    return {
        f"depth={depth}, rate={rate:g}, {rounds} rounds": score
        for depth, rate in ((3, 0.1), (3, 0.3), (6, 0.1))
        for rounds, score in _boost(
            rows,
            label,
            others,
            (25, 50, 100),
            {
                "num_leaves": 2**depth,
                "max_depth": depth,
                "learning_rate": rate,
                "lambda_l2": 1.0,
                "min_data_in_leaf": 1,
                "min_sum_hessian_in_leaf": 1.0,
                "max_bin": 65_535,
            },
        )
    }


def _boost(
    rows: Table,
    label: Labels,
    others: Table,
    rounds: tuple[int, ...],
    parameters: Mapping[str, float],
) -> list[tuple[int, Float]]:
    settings = {
        "objective": "binary",
        "boost_from_average": False,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "seed": 0,
        **FINE_BINS,
        **parameters,
    }
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, label), rounds[-1])
    return [
        (n, np.asarray(booster.predict(others, raw_score=True, num_iteration=n))) for n in rounds
    ]


RIVALS: Final[Mapping[str, Learner]] = {
    "logistic regression": logistic_regression,
    "random forest": random_forest,
    "balanced bagging": balanced_bagging,
    "LightGBM": gradient_boosting,
    "boosting as XGBoost's exact trees": exact_boosting,
}
