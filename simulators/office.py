"""Office hours of people who work in Eastern Time on business days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from simulators.calendar import eastern_offset_hours, is_business_day

_HOUR_MS = 3_600_000


def _midnight_ms(day: date) -> int:
    """UTC epoch ms of 00:00 Eastern Time."""
    utc = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(utc.timestamp() * 1000) + eastern_offset_hours(day) * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Office:
    """Opens and closes at full hours, Eastern Time.

    Attributes:
        opens, closes: hours of the day, ``opens`` before ``closes``.
    """

    opens: int = 8
    closes: int = 18

    def _hours(self, day: date) -> tuple[int, int]:
        midnight = _midnight_ms(day)
        return midnight + self.opens * _HOUR_MS, midnight + self.closes * _HOUR_MS

    def open_at(self, ms: int) -> int:
        """The first moment at or after ``ms`` (UTC epoch ms) at which somebody is in."""
        day = datetime.fromtimestamp(ms / 1000, UTC).date() - timedelta(days=1)
        while True:
            start, end = self._hours(day)
            if is_business_day(day) and ms < end:
                return max(ms, start)
            day += timedelta(days=1)

    def after(self, ms: int, work_ms: int) -> int:
        """When work of that length is done that begins at ``ms`` and rests out of hours."""
        now, left = self.open_at(ms), work_ms
        while True:
            day = datetime.fromtimestamp(now / 1000, UTC).date() - timedelta(days=1)
            while not self._hours(day)[0] <= now < self._hours(day)[1]:
                day += timedelta(days=1)
            end = self._hours(day)[1]
            if now + left <= end:
                return now + left
            left -= end - now
            now = self.open_at(end)
