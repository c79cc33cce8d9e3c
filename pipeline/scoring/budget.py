"""The time that is left for a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DEADLINE_MS = 275


@dataclass(frozen=True, slots=True)
class Budget:
    """A deadline counted from a payment's arrival, and the clock it is read from.

    Attributes:
        now: epoch milliseconds; the engine knows no other clock.
        deadline_ms: allowed time from arrival to score, queueing included.
        enforced: lower a score's tier rather than be late; a replay of a log, whose
            payments are all late by now, takes the time it needs.
    """

    now: Callable[[], float]
    deadline_ms: int = DEADLINE_MS
    enforced: bool = True

    def remaining_ms(self, arrived_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Milliseconds left for payments that arrived then; negative for late ones."""
        spent: npt.NDArray[np.float64] = np.float64(self.now()) - arrived_ms
        return self.deadline_ms - spent
