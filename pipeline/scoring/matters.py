"""What a profile remembers of its alerts: for cooldown, and for what analysts answered.

A matter is who, with whom, and for what main reason. The newest alerts of an entity are
kept; those that an analyst answered leave last. The read-out attention that learns from
answers takes its slots from the same memory.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.columns import entity_key
from pipeline.scoring.arena import MATTERS, Arena
from pipeline.scoring.policy import Policy
from schemas.records import Verdict

Bool = npt.NDArray[np.bool_]

UNANSWERED, CONFIRMED, CLEARED = 0, 1, 2
_VERDICTS: Final = {Verdict.CONFIRMED: CONFIRMED, Verdict.CLEARED: CLEARED}


class MatterBook:
    """The remembered alerts of an arena's profiles, under one policy."""

    def __init__(self, arena: Arena, policy: Policy) -> None:
        self._arena = arena
        self._policy = policy

    def threshold(self, slot: int, matter: str, threshold: float) -> float:
        """The threshold for a matter: higher after its newest answer was "cleared"."""
        arena = self._arena
        answered = self._of(slot, matter) & (arena.matter_verdict[slot] != UNANSWERED)
        if not answered.any():
            return threshold
        newest = np.where(answered, arena.matter_decided_ms[slot], np.iinfo(np.int64).min)
        cleared = arena.matter_verdict[slot, int(newest.argmax())] == CLEARED
        return self._policy.damped(threshold) if cleared else threshold

    def cooling(self, slot: int, matter: str, event_ms: int, rank: int) -> bool:
        """Tell whether the matter was alerted a short time ago in as high a band."""
        arena = self._arena
        recent = np.abs(event_ms - arena.matter_ms[slot]) < self._policy.cooldown_ms
        return bool((self._of(slot, matter) & recent & (arena.matter_band[slot] >= rank)).any())

    def remember(self, slot: int, matter: str, alert_id: str, event_ms: int, rank: int) -> None:
        """Keep an alert; if there is no room, the oldest unanswered one leaves."""
        arena = self._arena
        at = int(arena.matter_count[slot])
        if at >= MATTERS:
            answered = arena.matter_verdict[slot] != UNANSWERED
            age = np.where(answered, arena.matter_decided_ms[slot], arena.matter_ms[slot])
            at = int(np.lexsort((age, answered))[0])
        else:
            arena.matter_count[slot] += 1
        arena.matter_key[slot, at] = entity_key(matter)
        arena.matter_alert[slot, at] = entity_key(alert_id)
        arena.matter_ms[slot, at] = event_ms
        arena.matter_band[slot, at] = rank
        arena.matter_verdict[slot, at] = UNANSWERED
        arena.matter_decided_ms[slot, at] = 0

    def answer(self, slot: int, alert_id: str, verdict: Verdict, decided_ms: int) -> bool:
        """Write an answer to the alert it concerns; False if that one is not remembered."""
        arena = self._arena
        key = np.uint64(entity_key(alert_id))
        found = np.flatnonzero(self._filled(slot) & (arena.matter_alert[slot] == key))
        arena.matter_verdict[slot, found] = _VERDICTS[verdict]
        arena.matter_decided_ms[slot, found] = decided_ms
        return len(found) > 0

    def _filled(self, slot: int) -> Bool:
        filled: Bool = np.arange(MATTERS) < self._arena.matter_count[slot]
        return filled

    def _of(self, slot: int, matter: str) -> Bool:
        key = np.uint64(entity_key(matter))
        same: Bool = self._filled(slot) & (self._arena.matter_key[slot] == key)
        return same
