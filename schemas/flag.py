"""The flag on an entity, as stored and published."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.alert import AlertKind, GraphPath
from schemas.records import FlagState
from schemas.wire import EntityId, Timestamp, Uetr, Wire


class Flag(Wire):
    """One change of state of a flag; ``flag_id`` stays the same over its life.

    ``revision`` counts the changes from 0, so that (flag_id, revision) is unique.
    """

    schema_version: Literal[1] = 1
    flag_id: str
    revision: int = Field(ge=0)
    kind: AlertKind
    entity: EntityId
    state: FlagState
    severity: float = Field(ge=0, le=1)
    event_at: Timestamp
    expires_at: Timestamp | None = None
    alert_id: str | None = None
    uetr: Uetr | None = None
    paths: tuple[GraphPath, ...] = ()


class Exposure(Wire):
    """How much of an entity's money is near flagged entities, with its error bound."""

    schema_version: Literal[1] = 1
    exposure_id: str
    entity: EntityId
    exposure: float = Field(ge=0, le=1)
    residual_bound: float = Field(ge=0)
    event_at: Timestamp
    uetr: Uetr | None = None
    paths: tuple[GraphPath, ...] = ()
