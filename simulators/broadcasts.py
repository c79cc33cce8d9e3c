"""What the settlement system tells everybody: when a business day opens and when it closes."""

from __future__ import annotations

from datetime import timedelta

from schemas.broadcast import Broadcast, SystemEvent
from simulators.calendar import OPEN_MINUTES, Calendar
from simulators.statements import moment


def of_day(calendar: Calendar, day: int) -> tuple[Broadcast, Broadcast]:
    """The opening of a business day, 21:00 in New York on its eve, and its close at 19:00."""
    opened = moment(int(calendar.open_ms[day]))
    closed = opened + timedelta(minutes=OPEN_MINUTES)
    on = calendar.dates[day]
    return (
        Broadcast(event=SystemEvent.OPENED, cycle_date=on, event_at=opened),
        Broadcast(event=SystemEvent.CLOSED, cycle_date=on, event_at=closed),
    )
