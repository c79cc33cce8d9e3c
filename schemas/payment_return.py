"""Messages about an earlier payment: its return, and the request to return it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.payment import MessageType, Participant, Party, Payment
from schemas.wire import Timestamp, Uetr, Wire

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4}$")]
"""ISO's external code of a return's or cancellation's reason, such as AC04 or FRAD."""

Remark = Annotated[str, StringConstraints(min_length=1, max_length=105)]


class OriginalPayment(Wire):
    """An earlier payment, as later messages point to it."""

    message_id: str = Field(min_length=1, max_length=35)
    message_type: MessageType
    created_at: Timestamp
    end_to_end_id: str = Field(min_length=1, max_length=35)
    uetr: Uetr
    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    settlement_date: date

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """Point to a payment."""
        return cls(**{name: getattr(payment, name) for name in cls.model_fields})


class PaymentReturn(Wire):
    """Money that goes back (pacs.004): a new, final transfer from the original creditor's side.

    ``debtor`` is who sends it back. Its UETR is that of the original payment.
    """

    schema_version: Literal[1] = 1
    message_id: str = Field(min_length=1, max_length=35, description="IMAD on Fedwire")
    created_at: Timestamp
    settlement_date: date
    amount: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    local_instrument: Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")] = Field(
        description="that of the original payment"
    )
    debtor: Party
    debtor_agent: Participant
    creditor: Party
    creditor_agent: Participant
    reason: ReasonCode
    remark: Remark | None = None
    original: OriginalPayment

    @model_validator(mode="after")
    def _no_more_than_was_paid(self) -> Self:
        if self.amount > self.original.amount:
            raise ValueError("amount is above the original one: return at most what was paid")
        return self


class ReturnRequest(Wire):
    """The sender asks for money back (camt.056); whoever has it may refuse."""

    schema_version: Literal[1] = 1
    message_id: str = Field(min_length=1, max_length=35, description="IMAD on Fedwire")
    created_at: Timestamp
    case_id: str = Field(min_length=1, max_length=35)
    assigner: Participant = Field(description="the bank that asks")
    assignee: Participant = Field(description="the bank that is asked")
    reason: ReasonCode
    remark: Remark | None = None
    original: OriginalPayment
