"""How far a score goes, and when a profile's prompt is adapted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.score import Tier

EARLY_ADAPTATIONS: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""Own events after which a prompt is adapted while the profile is young."""
ADAPTATION_PERIOD: Final = 16
"""Own events between two adaptations afterwards."""

_EARLY = np.zeros(max(EARLY_ADAPTATIONS) + 1, np.bool_)
_EARLY[list(EARLY_ADAPTATIONS)] = True


def adaptation_due(events: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which profiles adapt once they hold that many own events.

    The schedule counts events and never reads a clock, so a replay follows it.

    Args:
        events: [n] own events, the newest included.
    """
    early = _EARLY[np.clip(events, 0, len(_EARLY) - 1)]
    return np.where(events < len(_EARLY), early, events % ADAPTATION_PERIOD == 0)


def best_tier(
    events_before: npt.NDArray[np.int64], prompt_version: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """The highest tier that a profile allows, time permitting.

    Args:
        events_before: [n] own events before the one to score.
        prompt_version: [n] adapted prompts accepted so far.
    """
    adapted = np.where(prompt_version > 0, Tier.ADAPTED, Tier.IN_CONTEXT)
    return np.where(events_before == 0, Tier.PRIOR, adapted).astype(np.int8)


@dataclass(slots=True)
class StageCost:
    """A running estimate of what a stage costs, from what it cost before.

    It decides only whether time is left for the stage, never what the stage computes.
    """

    fixed_ms: float
    row_ms: float
    smoothing: float = 0.3

    def estimate_ms(self, rows: int) -> float:
        """Expected milliseconds for that many rows."""
        return self.fixed_ms + rows * self.row_ms if rows else 0.0

    def learn(self, rows: int, spent_ms: float) -> None:
        """Scale both terms towards what was measured, by at most a factor of two a time."""
        if rows == 0:
            return
        ratio = min(max(spent_ms / self.estimate_ms(rows), 0.5), 2.0)
        scale = 1.0 + self.smoothing * (ratio - 1.0)
        self.fixed_ms = max(self.fixed_ms * scale, 0.01)
        self.row_ms = max(self.row_ms * scale, 0.001)
