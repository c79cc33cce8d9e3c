"""What the two logs carry.

``counterparty-events`` (key: entity) feeds profile workers with :class:`Observation`,
:class:`ExposureUpdate` and :class:`Disposition`; ``graph-events`` (one partition) feeds
contagion with :class:`Flow` and :class:`FlagChange`. Each worker's state is a function of
its one log.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from schemas.payment import MessageType
from schemas.standing import Standing
from schemas.wire import CountryCode, EntityId, RoutingNumber, Timestamp, Uetr, Wire


class Role(StrEnum):
    """The side of a payment on which an entity stands."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"


class Verdict(StrEnum):
    """What an analyst found."""

    CONFIRMED = "confirmed"
    CLEARED = "cleared"


class FlagState(StrEnum):
    """Where a flag stands."""

    RAISED = "raised"
    LOWERED = "lowered"
    CLEARED = "cleared"


class Observation(Wire):
    """One side of a payment, as seen from the entity on that side."""

    record: Literal["observation"] = "observation"
    uetr: Uetr
    entity: EntityId
    role: Role
    counterparty: EntityId
    event_at: Timestamp
    arrived_at: Timestamp = Field(description="broker time of the payment")
    amount: float = Field(gt=0, description="US dollars")
    message_type: MessageType
    local_instrument: str
    purpose: str | None = None
    entity_agent: RoutingNumber
    counterparty_agent: RoutingNumber
    entity_country: CountryCode | None = None
    counterparty_country: CountryCode | None = None
    counterparty_standing: Standing | None = Field(
        default=None, description="as known when the payment arrived; absent: no payment known"
    )


class ExposureUpdate(Wire):
    """An entity's exposure to flagged entities crossed a step."""

    record: Literal["exposure"] = "exposure"
    entity: EntityId
    exposure: float = Field(ge=0, le=1)
    residual_bound: float = Field(ge=0, description="largest error of the exposure")
    event_at: Timestamp


class Disposition(Wire):
    """An analyst's answer to an alert."""

    record: Literal["disposition"] = "disposition"
    alert_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    entity: EntityId
    uetr: Uetr | None = None
    verdict: Verdict
    analyst: str = Field(min_length=1, max_length=64)
    decided_at: Timestamp
    note: str | None = Field(default=None, max_length=2000)


class ReturnedFlow(Wire):
    """The earlier flow whose money a return brings back."""

    uetr: Uetr
    amount: float = Field(gt=0, description="US dollars")
    event_at: Timestamp


class Flow(Wire):
    """A payment as the graph sees it: money from debtor to creditor, at both levels."""

    record: Literal["flow"] = "flow"
    uetr: Uetr
    debtor: EntityId
    creditor: EntityId
    debtor_agent: RoutingNumber
    creditor_agent: RoutingNumber
    amount: float = Field(gt=0, description="US dollars")
    event_at: Timestamp
    arrived_at: Timestamp
    returns: ReturnedFlow | None = Field(default=None, description="of a return, and only there")


class FlagChange(Wire):
    """A direct flag of an entity went up, down or away. Only direct flags are seeds."""

    record: Literal["flag"] = "flag"
    flag_id: str
    entity: EntityId
    state: FlagState
    severity: float = Field(ge=0, le=1)
    event_at: Timestamp
    arrived_at: Timestamp
    expires_at: Timestamp | None = Field(
        default=None, description="event time at which the flag ends if nothing renews it"
    )
    uetr: Uetr | None = None


CounterpartyRecord = Annotated[
    Observation | ExposureUpdate | Disposition, Field(discriminator="record")
]
GraphRecord = Annotated[Flow | FlagChange, Field(discriminator="record")]

counterparty_record: TypeAdapter[Observation | ExposureUpdate | Disposition] = TypeAdapter(
    CounterpartyRecord
)
graph_record: TypeAdapter[Flow | FlagChange] = TypeAdapter(GraphRecord)
