"""The base of everything that crosses a wire: strict, frozen, JSON in bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone: write it as 2026-01-05T14:30:00Z")
    return value


Timestamp = Annotated[datetime, AfterValidator(_utc)]
"""An aware date and time; naive ones are refused."""

EntityId = Annotated[str, StringConstraints(pattern=r"^(bank:[0-9]{9}|party:[0-9a-f]{32})$")]
"""``bank:<routing number>`` for a participant, ``party:<keyed hash>`` for a customer."""

Uetr = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$"
    ),
]
"""Unique end-to-end transaction reference: a lower-case version 4 UUID (Fedwire 2025)."""

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
RoutingNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]


class Wire(BaseModel):
    """A message or record. Unknown fields are refused, so that a typo cannot lose data."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_bytes(self) -> bytes:
        """Encode as UTF-8 JSON, fields in declared order, absent ones left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Decode what :meth:`to_bytes` wrote.

        Raises:
            pydantic.ValidationError: the bytes are not such a message.
        """
        return cls.model_validate_json(data)
