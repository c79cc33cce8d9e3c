"""What the settlement system tells all participants."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.wire import Timestamp, Wire


class SystemEvent(StrEnum):
    """What happened to the business day of the system."""

    OPENED = "OPEN"
    CLOSED = "CLSD"
    EXTENDED = "EXTN"
    NOTICE = "ADHC"


class Broadcast(Wire):
    """One notice to all participants (admi.004)."""

    schema_version: Literal[1] = 1
    event: SystemEvent
    cycle_date: date = Field(description="the business day that it concerns")
    text: str | None = Field(default=None, min_length=1, max_length=1000)
    event_at: Timestamp
