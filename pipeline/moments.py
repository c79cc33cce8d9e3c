"""Moments: UTC times and epoch milliseconds, which arrays and the graph keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(at: datetime) -> int:
    """UTC epoch milliseconds of an aware time, rounded down."""
    return (at - _EPOCH) // _MILLISECOND


def moment(event_ms: int) -> datetime:
    """UTC time of epoch milliseconds."""
    return _EPOCH + event_ms * _MILLISECOND
