"""The request to return an earlier payment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.payment import OriginalPayment, Participant, ReasonCode, Remark
from schemas.wire import Timestamp, Wire


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
