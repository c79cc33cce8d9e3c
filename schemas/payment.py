"""The canonical payment: what ISO 20022 and JSON inputs both become."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.wire import CountryCode, RoutingNumber, Timestamp, Uetr, Wire


class MessageType(StrEnum):
    """The Fedwire messages that move money: for customers, for banks, and back."""

    CUSTOMER = "pacs.008"
    BANK = "pacs.009"
    RETURN = "pacs.004"


TRANSFERS: Final = (MessageType.CUSTOMER, MessageType.BANK)
"""The messages that a return may give back."""


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


ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4}$")]
"""ISO's external code of a return's or cancellation's reason, such as AC04 or FRAD."""

Remark = Annotated[str, StringConstraints(min_length=1, max_length=105)]


class OriginalPayment(Wire):
    """An earlier transfer, as later messages point to it."""

    message_id: str = Field(min_length=1, max_length=35)
    message_type: Literal[MessageType.CUSTOMER, MessageType.BANK]
    created_at: Timestamp
    end_to_end_id: str = Field(min_length=1, max_length=35)
    uetr: Uetr
    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    settlement_date: date

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """Point to a payment."""
        return cls(**{name: getattr(payment, name) for name in cls.model_fields})


class Return(Wire):
    """What a return gives back, and why."""

    reason: ReasonCode
    remark: Remark | None = None
    original: OriginalPayment


class Payment(Wire):
    """One credit transfer in US dollars, from debtor to creditor, or the return of one.

    ``created_at`` is event time; every feature uses it, never the wall clock. A
    ``pacs.008`` names accounts on both sides, since they identify the parties. The debtor
    of a ``pacs.004`` is who sends the money back; it has a UETR of its own here, since two
    messages are never one record (:func:`schemas.ids.return_uetr` makes one for those in
    XML, which carry the original's alone), and the reference and local instrument of the
    original.
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
    returns: Return | None = Field(default=None, description="of a pacs.004, and only there")

    @property
    def transfer_type(self) -> MessageType:
        """Its own type, for a return that of the original: whose money moves."""
        return self.message_type if self.returns is None else self.returns.original.message_type

    @model_validator(mode="after")
    def _returns_name_what_they_give_back(self) -> Self:
        if (self.message_type is MessageType.RETURN) != (self.returns is not None):
            if self.returns is None:
                raise ValueError("returns is missing: a pacs.004 names what it gives back")
            raise ValueError("returns belongs to a pacs.004: leave it out")
        if self.returns is None:
            return self
        original = self.returns.original
        if self.amount > original.amount:
            raise ValueError("amount is above the original one: return at most what was paid")
        if self.end_to_end_id != original.end_to_end_id:
            raise ValueError("end_to_end_id is not the original one: repeat that")
        if self.uetr == original.uetr:
            raise ValueError("uetr is the original one: give the return one of its own")
        for name in ("purpose", "remittance"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name} stands in the original only: leave it out")
        return self

    @model_validator(mode="after")
    def _accounts_identify_customers(self) -> Self:
        if self.transfer_type is MessageType.CUSTOMER:
            for side in ("debtor", "creditor"):
                if getattr(self, side).account is None:
                    words = f"a {self.message_type} of a customer needs both accounts"
                    raise ValueError(f"{side}.account is missing: {words}")
        return self
