"""The canonical payment: what ISO 20022 and JSON inputs both become."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.wire import CountryCode, RoutingNumber, Timestamp, Uetr, Wire


class MessageType(StrEnum):
    """The Fedwire messages that move money for customers and for banks."""

    CUSTOMER = "pacs.008"
    BANK = "pacs.009"


def has_valid_check_digit(routing_number: str) -> bool:
    """Tell whether a nine-digit routing number passes the ABA check (weights 3, 7, 1)."""
    weights = (3, 7, 1) * 3
    return sum(w * int(d) for w, d in zip(weights, routing_number, strict=True)) % 10 == 0


def _checked(routing_number: str) -> str:
    if not has_valid_check_digit(routing_number):
        raise ValueError("the routing number's check digit is wrong: correct the number")
    return routing_number


class Participant(Wire):
    """A bank that holds an account with the settlement system."""

    routing_number: Annotated[RoutingNumber, AfterValidator(_checked)]
    name: str | None = Field(default=None, max_length=140)
    lei: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{18}[0-9]{2}$")] | None = None


class Party(Wire):
    """A debtor or creditor: a customer of a participant, or the participant itself."""

    name: str = Field(min_length=1, max_length=140)
    account: str | None = Field(default=None, min_length=1, max_length=34)
    country: CountryCode | None = None


class Payment(Wire):
    """One credit transfer in US dollars, from debtor to creditor.

    ``created_at`` is event time; every feature uses it, never the wall clock. A
    ``pacs.008`` names accounts on both sides, since they identify the parties.
    """

    schema_version: Literal[1] = 1
    message_type: MessageType
    message_id: str = Field(min_length=1, max_length=35, description="IMAD on Fedwire")
    end_to_end_id: str = Field(default="NOTPROVIDED", min_length=1, max_length=35)
    uetr: Uetr
    created_at: Timestamp
    settlement_date: date
    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    currency: Literal["USD"] = "USD"
    local_instrument: Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")]
    purpose: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4}$")] | None = None
    debtor: Party
    debtor_agent: Participant
    creditor: Party
    creditor_agent: Participant
    remittance: str | None = Field(default=None, max_length=140)

    @model_validator(mode="after")
    def _accounts_identify_customers(self) -> Self:
        if self.message_type is MessageType.CUSTOMER:
            for side in ("debtor", "creditor"):
                if getattr(self, side).account is None:
                    raise ValueError(f"{side}.account is missing: a pacs.008 needs both accounts")
        return self
