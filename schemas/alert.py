"""The alert that subscribers of ``risk-alerts`` receive.

Rule for subscribers: delivery is at least once; the same ``alert_id`` is the same alert,
and its first copy is the one to act on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.records import Role
from schemas.score import Band, StageTimings, Tier, holds
from schemas.wire import EntityId, Timestamp, Uetr, Wire


class AlertKind(StrEnum):
    """Why an alert was published."""

    DIRECT = "direct"
    CONTAGION = "contagion"


class Action(StrEnum):
    """Advice for the analyst; Coldwire blocks nothing."""

    REVIEW = "review"
    HOLD_AND_REVIEW = "hold-and-review"
    CALL_BACK = "call-back"


class Reason(Wire):
    """One reason: a code, a sentence with its numbers, and the numbers apart."""

    code: str = Field(pattern=r"^[a-z0-9_]+$")
    text: str = Field(min_length=1)
    weight: float = Field(description="share of the score that it explains")
    evidence: dict[str, float | int | str] = Field(default_factory=dict)


class PathHop(Wire):
    """Money that moved from one entity to the next on a contagion path."""

    debtor: EntityId
    creditor: EntityId
    payments: int = Field(ge=1)
    amount: float = Field(ge=0)
    last_at: Timestamp


class GraphPath(Wire):
    """How an entity hangs together with a flagged one."""

    seed: EntityId
    hops: tuple[PathHop, ...] = Field(min_length=1)
    share: float = Field(ge=0, le=1, description="share of the exposure along this path")
    text: str


class Alert(Wire):
    """One thing that an analyst should look at.

    Contagion alerts rest on the graph alone: they carry no probability, tier or prompt. Others
    abstain where ``lower < threshold <= upper``: the advice is then never to hold.
    """

    schema_version: Literal[1] = 1
    alert_id: str
    kind: AlertKind
    dedup_key: str = Field(description="alerts with the same key concern the same matter")
    uetr: Uetr
    entity: EntityId
    role: Role
    counterparty: EntityId
    amount: float
    event_at: Timestamp
    arrived_at: Timestamp
    scored_at: Timestamp
    probability: float | None = Field(default=None, ge=0, le=1)
    lower: float | None = Field(default=None, ge=0, le=1)
    upper: float | None = Field(default=None, ge=0, le=1)
    band: Band
    threshold: float = Field(ge=0, le=1)
    events_seen: int | None = Field(default=None, ge=0)
    tier: Tier | None = None
    inner_steps: int | None = Field(default=None, ge=0)
    prompt_version: int | None = Field(default=None, ge=0)
    model_version: str
    reasons: tuple[Reason, ...] = Field(min_length=1)
    exposure: float = Field(ge=0, le=1)
    paths: tuple[GraphPath, ...] = ()
    priority: float = Field(
        ge=0, description="entity risk times the magnitude (log10) of the dollars at stake"
    )
    action: Action
    deadline_ms: int = Field(gt=0)
    deadline_missed: bool
    timings: StageTimings

    @property
    def abstains(self) -> bool:
        """Whether the interval is too wide to say that this deserves an alert."""
        if self.lower is None or self.upper is None:
            return False
        return holds(self.lower, self.upper, self.threshold)
