"""How established an entity is: what the other side's score may know of it."""

from __future__ import annotations

from pydantic import Base64Bytes, Field

from schemas.wire import Timestamp, Wire


class LanguageState(Wire):
    """What a language model of payments makes of an entity after its last one."""

    language_model: str = Field(
        pattern=r"^[0-9a-f]{12}$", description="digest of its weights; states of others differ"
    )
    values: Base64Bytes = Field(max_length=4096, description="little-endian float16 numbers")


class Standing(Wire):
    """What an entity's payments come to, at the time of the last one.

    Sums are decayed: a payment counts half after the stated number of days. ``out`` is money
    that the entity paid, ``in`` money that it got.
    """

    events: int = Field(ge=1, description="payments so far, on either side")
    first_at: Timestamp
    last_at: Timestamp
    out_1d: float = Field(ge=0, description="payments made, half-life 1 day")
    in_1d: float = Field(ge=0)
    out_7d: float = Field(ge=0, description="half-life 7 days")
    in_7d: float = Field(ge=0)
    all_30d: float = Field(ge=0, description="both directions, half-life 30 days")
    usd_out_1d: float = Field(ge=0, description="US dollars, half-life 1 day")
    usd_in_1d: float = Field(ge=0)
    new_agents_7d: float = Field(ge=0, description="payments with a bank that was new to it")
    counterparties: int = Field(ge=0, le=64, description="of 64 hashed buckets, those met")
    agents: int = Field(ge=0, le=64, description="banks of the other sides, likewise")
    state: LanguageState | None = Field(
        default=None, description="absent: not scored since its profile was begun"
    )
