"""Direct flags: raised by an entity's own payments, lowered, expired or cleared.

A flag rises when a probability (exposure left out, so that contagion cannot feed itself)
reaches the flag threshold, and is lowered only after several calm payments below a lower
one. It ends when an analyst clears it or when event time passes its expiry; the expiry is
published with it, since an entity that pays no more tells nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from pipeline.moments import milliseconds
from pipeline.scoring.arena import Arena
from pipeline.scoring.policy import Policy
from pipeline.scoring.times import at_ms
from schemas import ids
from schemas.alert import AlertKind
from schemas.flag import Flag
from schemas.records import Disposition, FlagChange, FlagState, Verdict

NONE, RAISED, LOWERED = 0, 1, 2
_RENEWAL_STEP: Final = 0.05
"""Rise in severity from which a standing flag is published again."""


@dataclass(frozen=True, slots=True)
class FlagEvent:
    """A flag's new state, for the database and for the graph."""

    flag: Flag
    change: FlagChange


@dataclass(frozen=True, slots=True)
class Sighting:
    """A scored payment as flags see it. ``probability`` leaves exposure out."""

    entity: str
    uetr: str
    alert_id: str
    probability: float
    threshold: float
    event_at: datetime
    arrived_at: datetime


class FlagBook:
    """The direct flags of an arena's profiles, under one policy."""

    def __init__(self, arena: Arena, policy: Policy) -> None:
        self._arena = arena
        self._policy = policy

    def sight(self, slot: int, seen: Sighting) -> list[FlagEvent]:
        """Apply a scored payment: at most an expiry and a rise, or a lowering."""
        arena = self._arena
        now = milliseconds(seen.event_at)
        events = []
        if arena.flag_state[slot] != NONE and now >= arena.flag_expires_ms[slot]:
            events.append(self._clear(slot, seen.entity, seen.event_at, seen.arrived_at))
        if seen.probability >= seen.threshold:
            arena.flag_calm[slot] = 0
            events += self._raise(slot, seen, now)
        elif arena.flag_state[slot] == RAISED:
            events += self._calm(slot, seen)
        return events

    def dispose(self, slot: int, disposition: Disposition, *, own_alert: bool) -> list[FlagEvent]:
        """Apply an analyst's answer.

        Confirmed raises (or keeps) the flag at severity 1 until it expires. Cleared takes
        the flag away if the answered alert raised it, or is another of the entity's own
        (``own_alert``) and nobody confirmed the flag.
        """
        when = disposition.decided_at
        arena = self._arena
        if disposition.verdict is Verdict.CLEARED:
            clears = self._belongs(slot, disposition.alert_id) or (
                own_alert and not arena.flag_confirmed[slot]
            )
            if arena.flag_state[slot] == NONE or not clears:
                return []
            return [self._clear(slot, disposition.entity, when, when)]
        if arena.flag_state[slot] == NONE:
            # An answer may be revised: its time keeps the new flag apart from an older one.
            cause = f"{disposition.alert_id}@{milliseconds(when)}"
            self._begin(slot, disposition, cause)
        else:
            arena.flag_revision[slot] += 1
        arena.flag_state[slot] = RAISED
        arena.flag_severity[slot] = 1.0
        arena.flag_confirmed[slot] = True
        arena.flag_calm[slot] = 0
        arena.flag_expires_ms[slot] = milliseconds(when) + self._policy.confirmed_life_ms
        return [self._event(slot, disposition.entity, FlagState.RAISED, when, when)]

    def _belongs(self, slot: int, alert_id: str) -> bool:
        """Tell whether the standing flag of a slot was raised by that alert."""
        return bytes(self._arena.flag_alert[slot]) == bytes.fromhex(alert_id)

    def _raise(self, slot: int, seen: Sighting, now: int) -> list[FlagEvent]:
        arena = self._arena
        severity = np.float32(self._policy.severity_of(seen.probability))
        standing = arena.flag_state[slot] == RAISED
        half_gone = arena.flag_expires_ms[slot] - now < self._policy.flag_life_ms // 2
        grown = severity >= arena.flag_severity[slot] + _RENEWAL_STEP
        if standing and not half_gone and not grown:
            return []
        if arena.flag_state[slot] == NONE:
            self._begin(slot, seen, seen.alert_id)
        else:
            arena.flag_revision[slot] += 1
            severity = np.float32(max(severity, arena.flag_severity[slot]))
        arena.flag_state[slot] = RAISED
        arena.flag_severity[slot] = severity
        expires = max(int(arena.flag_expires_ms[slot]), now + self._policy.flag_life_ms)
        arena.flag_expires_ms[slot] = expires
        return [self._event(slot, seen.entity, FlagState.RAISED, seen.event_at, seen.arrived_at)]

    def _calm(self, slot: int, seen: Sighting) -> list[FlagEvent]:
        """Count calm payments; enough of them lower a flag that nobody confirmed."""
        arena = self._arena
        if seen.probability >= self._policy.release_threshold:
            arena.flag_calm[slot] = 0
            return []
        arena.flag_calm[slot] += 1
        if arena.flag_confirmed[slot] or arena.flag_calm[slot] < self._policy.release_after:
            return []
        arena.flag_state[slot] = LOWERED
        arena.flag_severity[slot] /= 2
        arena.flag_revision[slot] += 1
        return [self._event(slot, seen.entity, FlagState.LOWERED, seen.event_at, seen.arrived_at)]

    def _begin(self, slot: int, why: Sighting | Disposition, cause: str) -> None:
        arena = self._arena
        flag_id = ids.flag_id(AlertKind.DIRECT, why.entity, cause)
        arena.flag_id[slot] = np.frombuffer(bytes.fromhex(flag_id), np.uint8)
        arena.flag_alert[slot] = np.frombuffer(bytes.fromhex(why.alert_id), np.uint8)
        uetr = bytes(16) if why.uetr is None else bytes.fromhex(why.uetr.replace("-", ""))
        arena.flag_uetr[slot] = np.frombuffer(uetr, np.uint8)
        arena.flag_revision[slot] = 0
        arena.flag_severity[slot] = 0.0
        arena.flag_calm[slot] = 0
        arena.flag_expires_ms[slot] = 0
        arena.flag_confirmed[slot] = False

    def _clear(self, slot: int, entity: str, event_at: datetime, arrived: datetime) -> FlagEvent:
        arena = self._arena
        arena.flag_revision[slot] += 1
        arena.flag_severity[slot] = 0.0
        arena.flag_confirmed[slot] = False
        arena.flag_calm[slot] = 0
        event = self._event(slot, entity, FlagState.CLEARED, event_at, arrived)
        arena.flag_state[slot] = NONE
        return event

    def _event(
        self, slot: int, entity: str, state: FlagState, event_at: datetime, arrived_at: datetime
    ) -> FlagEvent:
        arena = self._arena
        flag_id = bytes(arena.flag_id[slot]).hex()
        severity = float(arena.flag_severity[slot])
        uetr = _uetr_text(bytes(arena.flag_uetr[slot]))
        cleared = state is FlagState.CLEARED
        expires_at = None if cleared else at_ms(arena.flag_expires_ms[slot])
        flag = Flag(
            flag_id=flag_id,
            revision=int(arena.flag_revision[slot]),
            kind=AlertKind.DIRECT,
            entity=entity,
            state=state,
            severity=severity,
            event_at=event_at,
            expires_at=expires_at,
            alert_id=bytes(arena.flag_alert[slot]).hex(),
            uetr=uetr,
        )
        change = FlagChange(
            flag_id=flag_id,
            entity=entity,
            state=state,
            severity=severity,
            event_at=event_at,
            arrived_at=arrived_at,
            expires_at=expires_at,
            uetr=uetr,
        )
        return FlagEvent(flag, change)


def _uetr_text(raw: bytes) -> str | None:
    if not any(raw):
        return None
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
