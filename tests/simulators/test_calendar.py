"""Business days, holidays, daylight saving time and cut-offs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.calendar import Calendar, is_business_day, minute_of, opening_ms


@pytest.mark.parametrize(
    "holiday",
    [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 9, 7),
        date(2026, 11, 26),
        date(2026, 12, 25),
        date(2023, 1, 2),
        date(2026, 1, 3),
    ],
)
def test_the_system_is_closed_on_holidays_and_weekends(holiday: date) -> None:
    assert not is_business_day(holiday)


def test_a_holiday_on_a_saturday_is_not_kept_on_friday() -> None:
    assert is_business_day(date(2026, 7, 3))


@pytest.mark.parametrize(
    ("day", "hour"), [(date(2026, 1, 6), 2), (date(2026, 7, 7), 1), (date(2026, 3, 9), 1)]
)
def test_the_day_opens_at_nine_in_the_evening_before(day: date, hour: int) -> None:
    opened = datetime.fromtimestamp(opening_ms(day) / 1000, UTC)
    assert (opened.date(), opened.hour) == (day, hour)


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 80))
def test_days_are_consecutive_business_days(start: date, days: int) -> None:
    calendar = Calendar.starting(start, days)
    assert len(calendar.dates) == days
    assert all(is_business_day(d) for d in calendar.dates)
    run = start
    listed: list[date] = []
    while len(listed) < days:
        if is_business_day(run):
            listed.append(run)
        run += timedelta(days=1)
    assert list(calendar.dates) == listed


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 80))
def test_month_days_count_from_both_ends(start: date, days: int) -> None:
    calendar = Calendar.starting(start, days)
    for i, day in enumerate(calendar.dates):
        before = sum(is_business_day(day.replace(day=d)) for d in range(1, day.day))
        assert calendar.month_day[i] == before
        assert calendar.month_day[i] + calendar.month_left[i] + 1 in range(18, 24)


def test_clock_times_count_from_the_opening() -> None:
    assert minute_of(21) == 0
    assert minute_of(0) == 180
    assert minute_of(16, 30) == 1170
