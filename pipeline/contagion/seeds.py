"""Direct flags, the only seeds of the spread."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.records import FlagChange, FlagState


@dataclass(frozen=True, slots=True)
class DirectFlag:
    """The newest state of one direct flag; severity 0 once cleared."""

    entity: int
    state: FlagState
    severity: float
    event_ms: int


class SeedBook:
    """Severity of each entity: the largest among its direct flags.

    Cleared flags are remembered, so that a record that comes again after its flag was
    cleared is known for what it is.
    """

    def __init__(self) -> None:
        self.flags: dict[str, DirectFlag] = {}
        self._of: dict[int, list[str]] = {}

    def apply(self, change: FlagChange, entity: int, event_ms: int) -> bool:
        """Take a change over; false when it says nothing new (a repeat)."""
        severity = 0.0 if change.state is FlagState.CLEARED else change.severity
        known = self.flags.get(change.flag_id)
        if known is not None:
            same = known.state is change.state and known.severity == severity
            if event_ms < known.event_ms or same:
                return False
        self.put(change.flag_id, DirectFlag(entity, change.state, severity, event_ms))
        return True

    def put(self, flag_id: str, flag: DirectFlag) -> None:
        """Set the newest state of a flag."""
        if flag_id not in self.flags:
            self._of.setdefault(flag.entity, []).append(flag_id)
        self.flags[flag_id] = flag

    def severity(self, entity: int) -> float:
        """Severity of an entity, 0 when it has no flag up."""
        return max((self.flags[f].severity for f in self._of.get(entity, ())), default=0.0)
