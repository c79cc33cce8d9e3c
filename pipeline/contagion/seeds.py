"""Direct flags, the only seeds of the spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush

from schemas.records import FlagChange, FlagState


@dataclass(frozen=True, slots=True)
class DirectFlag:
    """The newest state of one direct flag; severity 0 once cleared or expired."""

    entity: int
    state: FlagState
    severity: float
    event_ms: int
    expires_ms: int | None = None
    """Event time at which it ends if nothing renews it; None: only a record ends it."""


class SeedBook:
    """Severity of each entity: the largest among its direct flags.

    Flags that ended are remembered, so that a record that comes again after that is known
    for what it is.
    """

    def __init__(self) -> None:
        self.flags: dict[str, DirectFlag] = {}
        self._of: dict[int, list[str]] = {}
        self._ends: list[tuple[int, str]] = []

    def apply(self, change: FlagChange, flag: DirectFlag) -> bool:
        """Take a change over as ``flag``; false when it says nothing new (a repeat)."""
        if flag.state is FlagState.CLEARED:
            flag = replace(flag, severity=0.0, expires_ms=None)
        known = self.flags.get(change.flag_id)
        if known is not None:
            same = replace(known, event_ms=flag.event_ms) == flag
            if flag.event_ms < known.event_ms or same:
                return False
        self.put(change.flag_id, flag)
        return True

    def put(self, flag_id: str, flag: DirectFlag) -> None:
        """Set the newest state of a flag."""
        if flag_id not in self.flags:
            self._of.setdefault(flag.entity, []).append(flag_id)
        self.flags[flag_id] = flag
        if flag.expires_ms is not None:
            heappush(self._ends, (flag.expires_ms, flag_id))

    def expire(self, now_ms: int) -> list[int]:
        """End the flags whose time is over; the entities that they were on."""
        ended: list[int] = []
        while self._ends and self._ends[0][0] <= now_ms:
            due, flag_id = heappop(self._ends)
            flag = self.flags[flag_id]
            if flag.expires_ms == due:  # nothing renewed or cleared it
                over = DirectFlag(flag.entity, FlagState.CLEARED, 0.0, due)
                self.flags[flag_id] = over
                ended.append(flag.entity)
        return ended

    def severity(self, entity: int) -> float:
        """Severity of an entity, 0 when it has no flag up."""
        return max((self.flags[f].severity for f in self._of.get(entity, ())), default=0.0)
