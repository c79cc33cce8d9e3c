"""How later messages point to an earlier payment."""

from __future__ import annotations

from pipeline.iso20022.document import Branch
from pipeline.iso20022.group import REQUIRED, read_plain, write_amount
from pipeline.iso20022.rules import DEFINITIONS
from pipeline.iso20022.tree import Node
from pipeline.refusal import Refusal
from schemas.dead_letter import Fault
from schemas.payment import TRANSFERS, OriginalPayment

_MESSAGES = {DEFINITIONS[message]: message for message in TRANSFERS}


def read_original(transaction: Node) -> dict[str, object]:
    """Read the reference to the original payment.

    Raises:
        Refusal: it is incomplete, or points to a message that moved no money.
    """
    group = transaction.need("OrgnlGrpInf", REQUIRED)
    named = group.need("OrgnlMsgNmId", REQUIRED)
    message = _MESSAGES.get(named.text().strip())
    if message is None:
        hint = f"name {' or '.join(_MESSAGES)}"
        raise Refusal(Fault.INVALID_FIELD, named.path, hint)
    return {
        "message_id": read_plain(group, "OrgnlMsgId", "message_id"),
        "message_type": message,
        "created_at": read_plain(group, "OrgnlCreDtTm", "created_at"),
        "end_to_end_id": read_plain(transaction, "OrgnlEndToEndId", "end_to_end_id"),
        "uetr": read_plain(transaction, "OrgnlUETR", "uetr"),
        "amount": read_plain(transaction, "OrgnlIntrBkSttlmAmt", "amount"),
        "settlement_date": read_plain(transaction, "OrgnlIntrBkSttlmDt", "settlement_date"),
    }


def write_original(transaction: Branch, original: OriginalPayment) -> None:
    """Write the reference to the original payment."""
    group = transaction.branch("OrgnlGrpInf")
    group.leaf("OrgnlMsgId", original.message_id)
    group.leaf("OrgnlMsgNmId", DEFINITIONS[original.message_type])
    group.leaf("OrgnlCreDtTm", original.created_at.isoformat())
    transaction.leaf("OrgnlEndToEndId", original.end_to_end_id)
    transaction.leaf("OrgnlUETR", original.uetr)
    write_amount(transaction, "OrgnlIntrBkSttlmAmt", original.amount)
    transaction.leaf("OrgnlIntrBkSttlmDt", original.settlement_date.isoformat())
