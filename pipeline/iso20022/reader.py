"""Read pacs.008.001.08, pacs.009.001.08 and pacs.004.001.10 into canonical payments.

A document may stand alone or inside Fedwire's envelope with its business application
header. What the rules of release 2025 require is checked; elements that the canonical
payment has no place for (intermediaries, charges, structured remittance) are passed over.
The bank of a side is the party's own agent where that has a routing number, else the
instructing or instructed participant.
"""

from __future__ import annotations

from pydantic import ValidationError

from pipeline.iso20022.document import open_document
from pipeline.iso20022.elements import element_of
from pipeline.iso20022.group import REQUIRED, read_fixed, read_header, read_plain
from pipeline.iso20022.parties import (
    read_agent,
    read_bank,
    read_customer,
    read_participant,
    trimmed,
)
from pipeline.iso20022.payment_return import read_return
from pipeline.iso20022.rules import CHARGE_BEARERS, DEFINITIONS, ROOTS
from pipeline.iso20022.tree import Node
from pipeline.refusal import Refusal, hint_for, refusal_of
from schemas.payment import MessageType, Payment

_MESSAGES = {definition: message for message, definition in DEFINITIONS.items()}
PAYMENT_ROOTS = {definition: ROOTS[message] for definition, message in _MESSAGES.items()}
"""Elements of the messages that move money, by definition."""
_PLAIN_FIELDS = ("end_to_end_id", "uetr", "local_instrument", "amount", "settlement_date")


def read_document(value: bytes) -> Payment:
    """Read one payment from XML.

    Raises:
        Refusal: it is not such a message, or breaks a rule; the field is a path of elements.
    """
    definition, body = open_document(value, PAYMENT_ROOTS)
    return payment_of(definition, body)


def payment_of(definition: str, body: Node) -> Payment:
    """Read one payment from the element of its message.

    Args:
        definition: one of :data:`PAYMENT_ROOTS`.
        body: the element.

    Raises:
        Refusal: it breaks a rule.
    """
    message = _MESSAGES[definition]
    header = read_header(body)
    if message is MessageType.RETURN:
        fields = read_return(body, str(header["message_id"]))
    else:
        fields = _transfer(body, message)
    try:
        return Payment.model_validate({"message_type": message, **header, **fields})
    except ValidationError as error:
        raise at_element(refusal_of(error), message) from None


def at_element(refusal: Refusal, message: MessageType) -> Refusal:
    """Put the path of the element in place of a canonical field."""
    if not refusal.field:
        return refusal
    path = f"{ROOTS[message]}/{element_of(message, refusal.field)}"
    return Refusal(refusal.fault, path, refusal.hint)


def _transfer(body: Node, message: MessageType) -> dict[str, object]:
    fields: dict[str, object] = {}
    transfer = body.need("CdtTrfTxInf", "put one transfer into the message")
    for field in _PLAIN_FIELDS:
        fields[field] = read_plain(body, element_of(message, field), field)
    settled = transfer.need("IntrBkSttlmAmt", hint_for("amount"))
    fields["currency"] = settled.attribute("Ccy")
    if message is MessageType.CUSTOMER:
        transfer.need("InstdAmt", REQUIRED)
        read_fixed(transfer, "ChrgBr", *CHARGE_BEARERS)
    for side, element, instructed in (
        ("debtor", "Dbtr", "InstgAgt"),
        ("creditor", "Cdtr", "InstdAgt"),
    ):
        participant = read_participant(transfer.need(instructed, REQUIRED))
        party = transfer.need(element, REQUIRED)
        account = transfer.find(f"{element}Acct")
        if message is MessageType.CUSTOMER:
            fields[side] = read_customer(party, account)
        else:
            fields[side] = read_bank(party.need("FinInstnId", REQUIRED), account)
        agent = transfer.need(f"{element}Agt", REQUIRED)
        fields[f"{side}_agent"] = read_agent(agent, participant)
    fields["purpose"] = trimmed(transfer.value("Purp/Cd"))
    remittance = transfer.find("RmtInf")
    fields["remittance"] = None if remittance is None else remittance.first("Ustrd")
    return fields
