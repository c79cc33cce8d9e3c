"""Epoch milliseconds as the aware times that messages carry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at_ms(milliseconds: float) -> datetime:
    """The UTC time of epoch milliseconds, to the microsecond."""
    return _EPOCH + timedelta(milliseconds=float(milliseconds))
