from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.encoding.local_time import hour_and_weekday
from pipeline.moments import milliseconds

_TIMES = st.datetimes(datetime(2008, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC))


@given(_TIMES)
def test_hour_and_weekday_are_those_of_new_york(when: datetime) -> None:
    local = when.astimezone(ZoneInfo("America/New_York"))
    hour, weekday = hour_and_weekday(np.array([milliseconds(when)]))
    assert int(hour[0] * 60 + 1e-3) in (local.hour * 60 + local.minute + d for d in (-1, 0, 1))
    assert int(hour[0]) == local.hour or local.minute == 59
    assert weekday[0] == local.weekday()
