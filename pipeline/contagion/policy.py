"""When an exposure is worth a word: steps with hysteresis, and contagion flags that expire."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.contagion.settings import DAY_MS, ContagionSettings


@dataclass(frozen=True, slots=True)
class ContagionFlag:
    """A contagion flag that is up."""

    flag_id: str
    alert_id: str
    revision: int
    severity: float
    expires_ms: int


class ExposurePolicy:
    """Levels of all nodes and the contagion flags that are up.

    A level is entered at its step and left only below ``fall`` times it. A flag goes up
    with the level ``flag_at`` and down when that level is left, or at its expiry when no
    payment of the entity has prolonged it.
    """

    def __init__(self, settings: ContagionSettings) -> None:
        self._steps = settings.steps
        self._fall = settings.fall
        self._flag_ms = int(settings.flag_days * DAY_MS)
        self.levels: npt.NDArray[np.int8] = np.zeros(0, np.int8)
        self.flags: dict[int, ContagionFlag] = {}
        self.deadlines: list[tuple[int, int]] = []

    def grow(self, nodes: int) -> None:
        """Make room for ``nodes`` nodes."""
        if nodes > len(self.levels):
            room = max(64, 2 * len(self.levels), nodes) - len(self.levels)
            self.levels = np.concatenate([self.levels, np.zeros(room, np.int8)])

    def level(self, exposure: float, current: int) -> int:
        """The level after an exposure, given the level before."""
        reached = sum(step <= exposure for step in self._steps)
        if reached >= current:
            return reached
        while current and exposure < self._fall * self._steps[current - 1]:
            current -= 1
        return current

    def raised(self, node: int, flag: ContagionFlag) -> None:
        """Note a flag that went up."""
        self.flags[node] = flag
        heapq.heappush(self.deadlines, (flag.expires_ms, node))

    def expiry(self, event_ms: int) -> int:
        """When a flag with its last payment at ``event_ms`` expires."""
        return event_ms + self._flag_ms

    def prolong(self, node: int, event_ms: int) -> None:
        """Move a flag's expiry on, since its entity has paid or been paid."""
        flag = self.flags[node]
        if self.expiry(event_ms) > flag.expires_ms:
            self.flags[node] = replace(flag, expires_ms=self.expiry(event_ms))

    def expired(self, clock_ms: int) -> list[int]:
        """Nodes whose flags have expired by the clock, in order of expiry."""
        gone: list[int] = []
        while self.deadlines and self.deadlines[0][0] <= clock_ms:
            _, node = heapq.heappop(self.deadlines)
            flag = self.flags.get(node)
            if flag is None or node in gone:
                continue
            if flag.expires_ms <= clock_ms:
                gone.append(node)
            else:
                heapq.heappush(self.deadlines, (flag.expires_ms, node))
        return gone
