"""LightGBM without the language model, as the card sets it beside the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from pipeline.encoding import FEATURES, N_FEATURES, OWN_HISTORY
from pipeline.model.played import Played
from pipeline.model.trees import Trees

_COLUMNS: Final = {
    "LightGBM, own history": OWN_HISTORY,
    "LightGBM, aggregates only": np.arange(N_FEATURES),
}
"""By name, the features that it reads."""


@dataclass(frozen=True, slots=True)
class PlainTrees:
    """One LightGBM for each choice of features."""

    fitted: dict[str, Trees]

    @classmethod
    def fit(cls, fit: Played, held: Played, seed: int, rounds: int) -> Self:
        """Fit as the stack's own trees are."""
        inputs, stop = fit.inputs, held.inputs
        return cls(
            {
                name: Trees.fit(
                    inputs[:, columns],
                    fit.label,
                    (stop[:, columns], held.label),
                    seed,
                    rounds,
                    tuple(FEATURES[i] for i in columns),
                )
                for name, columns in _COLUMNS.items()
            }
        )

    def logits(self, played: Played) -> dict[str, npt.NDArray[np.float64]]:
        """Log odds by name, [N] each."""
        inputs = played.inputs
        return {name: trees.logit(inputs[:, _COLUMNS[name]]) for name, trees in self.fitted.items()}
