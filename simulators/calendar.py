"""Business days of the settlement system and its hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

OPEN_MINUTES: Final = 22 * 60
"""The day runs from 21:00 Eastern Time of the day before to 19:00."""
CUSTOMER_CUTOFF: Final = OPEN_MINUTES - 15
"""Customer transfers and returns end at 18:45 ET."""
TAX_CUTOFF: Final = OPEN_MINUTES - 120
"""Tax payments end at 17:00 ET."""


def minute_of(hour: int, minute: int = 0) -> int:
    """Minutes from the opening to a clock time in Eastern Time (21:00-23:59 is the eve)."""
    return (hour - 21 if hour >= 21 else hour + 3) * 60 + minute


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _holidays(year: int) -> set[date]:
    """Federal Reserve holidays; one on a Sunday moves to Monday, on a Saturday it is not kept."""
    last_may = date(year, 5, 31)
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11)]
    fixed.append(date(year, 12, 25))
    moved = {d + timedelta(days=1) if d.weekday() == 6 else d for d in fixed}
    return moved | {
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        last_may - timedelta(days=last_may.weekday()),
        _nth_weekday(year, 9, 0, 1),
        _nth_weekday(year, 10, 0, 2),
        _nth_weekday(year, 11, 3, 4),
    }


def is_business_day(day: date) -> bool:
    """Tell whether the system opens on that date."""
    return day.weekday() < 5 and day not in _holidays(day.year)


def eastern_offset_hours(day: date) -> int:
    """Hours to add to Eastern Time for UTC: 4 in daylight saving time, else 5."""
    begins = _nth_weekday(day.year, 3, 6, 2)
    ends = _nth_weekday(day.year, 11, 6, 1)
    return 4 if begins <= day < ends else 5


def opening_ms(day: date) -> int:
    """UTC epoch milliseconds of 21:00 ET on the eve of a business day."""
    eve = day - timedelta(days=1)
    at = datetime(eve.year, eve.month, eve.day, 21, tzinfo=UTC)
    return int(at.timestamp() * 1000) + eastern_offset_hours(eve) * 3_600_000


@dataclass(frozen=True)
class Calendar:
    """The business days of a world, by index.

    Attributes:
        dates: business date of each day.
        open_ms: int64 [days], UTC epoch ms of each opening.
        month_day: int16 [days], 0 for the first business day of a month.
        month_left: int16 [days], 0 for the last business day of a month.
        month: int16 [days], months since year 0.
    """

    dates: tuple[date, ...]
    open_ms: npt.NDArray[np.int64]
    month_day: npt.NDArray[np.int16]
    month_left: npt.NDArray[np.int16]
    month: npt.NDArray[np.int16]

    @classmethod
    def starting(cls, start: date, days: int) -> Calendar:
        """List ``days`` business days from ``start`` on."""
        first = start.replace(day=1)
        found: list[date] = []
        run = first
        while sum(d >= start for d in found[-1:]) == 0 or _count_from(found, start) < days:
            if is_business_day(run):
                found.append(run)
            run += timedelta(days=1)
        tail = run
        while tail.month == found[-1].month:
            if is_business_day(tail):
                found.append(tail)
            tail += timedelta(days=1)
        month = np.array([d.year * 12 + d.month - 1 for d in found], dtype=np.int16)
        since = np.zeros(len(found), dtype=np.int16)
        left = np.zeros(len(found), dtype=np.int16)
        for value in np.unique(month):
            at = np.flatnonzero(month == value)
            since[at] = np.arange(at.size)
            left[at] = np.arange(at.size)[::-1]
        keep = [i for i, d in enumerate(found) if d >= start][:days]
        dates = tuple(found[i] for i in keep)
        opens = np.array([opening_ms(d) for d in dates], dtype=np.int64)
        return cls(dates, opens, since[keep], left[keep], month[keep])


def _count_from(found: list[date], start: date) -> int:
    return sum(d >= start for d in found)
