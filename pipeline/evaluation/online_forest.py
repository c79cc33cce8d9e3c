"""River's adaptive random forest: learned payment by payment, in the order of arrival."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Final

import numpy as np

from pipeline.encoding import FEATURES, N_FEATURES
from pipeline.evaluation.baselines import Features, Float, Labelled

_TREES: Final = 10
_NAMES: Final = FEATURES[:N_FEATURES]


def river_is_installed() -> bool:
    """Whether the package is there; it is no dependency (extra ``peers``)."""
    return importlib.util.find_spec("river") is not None


def adaptive_random_forest(stream: Labelled, features: Features, seed: int = 0) -> Float:
    """Probability of risk after one pass over a stream (Gomes et al. 2017).

    Args:
        stream: rows in order of arrival, each with its label at once, which no service has.
        features: rows to score, [N, A]; they teach the forest nothing.
        seed: of the forest.

    Raises:
        ImportError: River is not installed.
    """
    forest: Any = importlib.import_module("river.forest").ARFClassifier(n_models=_TREES, seed=seed)
    for row, risky in zip(stream.features, stream.risky.tolist(), strict=True):
        forest.learn_one(_known(row), bool(risky))
    votes = (forest.predict_proba_one(_known(row)) for row in features)
    return np.array([vote.get(True, 0.0) for vote in votes], np.float64)


def _known(row: Features) -> dict[str, float]:
    """Values by name; River's trees send an unknown one down the busier branch."""
    known = ~np.isnan(row)
    return {_NAMES[i]: float(row[i]) for i in np.flatnonzero(known)}
