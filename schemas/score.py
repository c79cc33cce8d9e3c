"""The score of one side of one payment."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal

from pydantic import Field

from schemas.records import Role
from schemas.wire import EntityId, Timestamp, Uetr, Wire


class Tier(IntEnum):
    """What a score rests on."""

    PRIOR = 0
    IN_CONTEXT = 1
    ADAPTED = 2


class Band(StrEnum):
    """A coarse reading of the probability."""

    LOW = "low"
    ELEVATED = "elevated"
    HIGH = "high"
    CRITICAL = "critical"


class StageTimings(Wire):
    """Where the time of a score went, in milliseconds; measured, so never reproducible."""

    queue_ms: float = Field(ge=0, description="payment's broker time to start of the batch")
    encode_ms: float = Field(ge=0)
    score_ms: float = Field(ge=0)
    adapt_ms: float = Field(ge=0)


def holds(lower: float, upper: float, threshold: float) -> bool:
    """Whether an interval reaches over a threshold, so that it does not say on which side."""
    return lower < threshold <= upper


class Score(Wire):
    """Risk of one side of a payment, and what it rests on.

    The score abstains where ``lower < threshold <= upper``.
    """

    schema_version: Literal[1] = 1
    score_id: str
    uetr: Uetr
    entity: EntityId
    role: Role
    counterparty: EntityId
    amount: float
    probability: float = Field(ge=0, le=1, description="calibrated by events seen")
    lower: float = Field(ge=0, le=1)
    upper: float = Field(ge=0, le=1)
    band: Band
    threshold: float = Field(ge=0, le=1)
    events_seen: int = Field(ge=0, description="events of the entity before this one")
    tier: Tier
    inner_steps: int = Field(ge=0, description="steps taken after this event")
    prompt_version: int = Field(ge=0, description="adapted prompts accepted before this event")
    model_version: str
    exposure: float = Field(ge=0, le=1)
    event_at: Timestamp
    arrived_at: Timestamp
    scored_at: Timestamp
    deadline_ms: int = Field(gt=0)
    deadline_missed: bool
    timings: StageTimings

    @property
    def abstains(self) -> bool:
        """Whether the interval is too wide to say if this deserves an alert."""
        return holds(self.lower, self.upper, self.threshold)
