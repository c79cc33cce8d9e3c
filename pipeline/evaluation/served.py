"""Scores as the stream would have published them: the engine itself, with time to spare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring import LogRecord, Policy, ProfileEngine, replay
from schemas.records import Observation

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Served:
    """What the engine says about N observations, in their order."""

    probability: Float
    lower: Float
    upper: Float
    tier: npt.NDArray[np.int8]
    adaptations: int

    def of(self, rows: npt.NDArray[np.bool_]) -> Served:
        """Only the rows under the mask."""
        return replace(
            self,
            probability=self.probability[rows],
            lower=self.lower[rows],
            upper=self.upper[rows],
            tier=self.tier[rows],
        )


def serve(
    checkpoint: Checkpoint, observations: Sequence[Observation], policy: Policy | None = None
) -> Served:
    """Feed observations to a fresh engine.

    Args:
        observations: in log order, none twice.
        policy: with ``adapts=False``, the K = 0 control.

    Raises:
        ValueError: an observation came twice, so that it has no score of its own.
    """
    engine = ProfileEngine(checkpoint, policy)
    log = (LogRecord(0, offset, each) for offset, each in enumerate(observations))
    scores, adaptations = [], 0
    for effects in replay(engine, log):
        scores += [(s.probability, s.lower, s.upper, int(s.tier)) for s in effects.scores]
        adaptations += effects.adaptations
    if len(scores) != len(observations):
        raise ValueError(f"{len(observations) - len(scores)} observations are repeats")
    probability, lower, upper, tier = np.array(scores, np.float64).reshape(-1, 4).T
    return Served(probability, lower, upper, tier.astype(np.int8), adaptations)
