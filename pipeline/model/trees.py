"""Gradient-boosted trees on aggregates and surprise: the other half of the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from pipeline.encoding import FEATURES, FIELDS
from pipeline.model.quick_scorer import Forest

SURPRISE_FEATURES: Final = (*(f"surprise_{f.name}" for f in FIELDS), "surprise_total")
TREE_FEATURES: Final = (*FEATURES, *SURPRISE_FEATURES)
"""Columns of the trees' input, in order."""

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "learning_rate": 0.04,
    "num_leaves": 31,
    "min_data_in_leaf": 150,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
"""Of boosting, but for seed and threads."""


def tree_inputs(
    features: npt.NDArray[np.float32], surprise: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """[N, A] features and [N, F] surprise to the trees' [N, A + F + 1]."""
    # Summed field by field: the total must not depend on the batch.
    total = np.zeros(len(surprise), np.float32)
    for i in range(surprise.shape[1]):
        total += surprise[:, i]
    return np.concatenate([features, surprise, total[:, None]], axis=1)


@dataclass(frozen=True, slots=True)
class Trees:
    """A fitted LightGBM model.

    Attributes:
        booster: LightGBM's own, for contributions.
        forest: the same trees, laid out for scoring.
    """

    booster: lightgbm.Booster
    forest: Forest

    def logit(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Log odds, [N]."""
        return self.forest.raw_score(inputs)

    def contributions(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Each input's share of the log odds (TreeSHAP), [N, inputs]; without the base."""
        shares = self.booster.predict(inputs, pred_contrib=True, num_threads=1)
        return np.asarray(shares, np.float64)[:, :-1]

    def to_text(self) -> str:
        """LightGBM's own text format."""
        return str(self.booster.model_to_string())

    @classmethod
    def from_text(cls, text: str) -> Trees:
        """What :meth:`to_text` wrote."""
        return cls(lightgbm.Booster(model_str=text), Forest.read(text))

    @classmethod
    def fit(
        cls,
        inputs: npt.NDArray[np.float32],
        label: npt.NDArray[np.int8],
        validation: tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]],
        seed: int,
        rounds: int = 600,
        names: tuple[str, ...] = TREE_FEATURES,
    ) -> Trees:
        """Fit with early stopping on the likelihood of other entities' rows."""
        parameters: dict[str, Any] = {
            **PARAMETERS,
            "seed": seed,
            "num_threads": 1,
        }
        train = lightgbm.Dataset(inputs, label, feature_name=list(names))
        held = lightgbm.Dataset(validation[0], validation[1], reference=train)
        stop = lightgbm.early_stopping(40, verbose=False)
        booster = lightgbm.train(parameters, train, rounds, valid_sets=[held], callbacks=[stop])
        text = booster.model_to_string(num_iteration=booster.best_iteration)
        return cls.from_text(text)
