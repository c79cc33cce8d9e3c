"""The settlement system's clock: New York wall time of UTC event times, vectorised.

The daylight-saving rule in force since 2007 is applied to all years: no time-zone database
is needed, and one checkpoint means the same hour everywhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_SUNDAY: Final = 6
_LAST_HOUR: Final = np.float32(23.999)


def _nth_sunday(year: int, month: int, nth: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (nth - 1))


def _changes(first_year: int, last_year: int) -> npt.NDArray[np.int64]:
    """UTC times at which New York goes to summer time and back, in turn."""
    changes: list[datetime] = []
    for year in range(first_year, last_year + 1):
        changes.append(_nth_sunday(year, 3, 2) + timedelta(hours=7))
        changes.append(_nth_sunday(year, 11, 1) + timedelta(hours=6))
    return np.array([int(c.timestamp()) * 1000 for c in changes], np.int64)


_CHANGES: Final = _changes(1990, 2100)


def local_ms(event_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """New York wall time as milliseconds since 1970-01-01 00:00 wall time."""
    summer = np.searchsorted(_CHANGES, event_ms, side="right") % 2
    return event_ms - (5 - summer) * _HOUR_MS


def hour_and_weekday(
    event_ms: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    """Hour of day in [0, 24) and weekday (0 Monday) of event times, New York."""
    local = local_ms(event_ms)
    hour = ((local % _DAY_MS) / _HOUR_MS).astype(np.float32)
    weekday = (local // _DAY_MS + 3) % 7
    # Rounding to float32 must not turn 23:59:59.999 into hour 24.
    return np.minimum(hour, _LAST_HOUR), weekday.astype(np.int8)
