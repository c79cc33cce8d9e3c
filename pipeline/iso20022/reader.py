"""Read pacs.008.001.08 and pacs.009.001.08 into canonical payments.

A document may stand alone or inside Fedwire's envelope with its business application
header. What the rules of release 2025 require is checked; elements that the canonical
payment has no place for (intermediaries, charges, structured remittance) are passed over.
The bank of a side is the party's own agent where that has a routing number, else the
instructing or instructed participant.
"""

from __future__ import annotations

import re

from lxml import etree
from pydantic import ValidationError

from pipeline.iso20022.elements import element_of
from pipeline.iso20022.rules import CHARGE_BEARERS, DEFINITIONS, NAMESPACE, ROOTS, is_imad
from pipeline.iso20022.tree import Node, parse
from pipeline.refusal import Refusal, hint_for, refusal_of
from schemas.dead_letter import Fault
from schemas.payment import MessageType, Payment

_MESSAGES = {definition: message for message, definition in DEFINITIONS.items()}
_KNOWN = " or ".join(_MESSAGES)
_CLEARING = "USABA"
_HEADER = f"{NAMESPACE}head."
_PLAIN_FIELDS = (
    "message_id",
    "created_at",
    "end_to_end_id",
    "uetr",
    "local_instrument",
    "amount",
    "settlement_date",
)
_FORMS = {
    "amount": re.compile(r"[0-9]{1,14}(\.[0-9]{1,5})?"),
    "created_at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9]{2}:[0-9]{2})"),
    "settlement_date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""Forms of XML Schema's types, where pydantic would also take others (a count of seconds)."""
_REQUIRED = "add the element: Fedwire requires it"


def read_document(value: bytes) -> Payment:
    """Read one payment from XML.

    Raises:
        Refusal: it is not such a message, or breaks a rule; the field is a path of elements.
    """
    document = _document_in(parse(value))
    definition = etree.QName(document).namespace or ""
    definition = definition.removeprefix(NAMESPACE)
    if definition not in _MESSAGES:
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"send {_KNOWN}")
    message = _MESSAGES[definition]
    space = f"{{{NAMESPACE}{definition}}}"
    root = ROOTS[message]
    if len(document) != 1 or document[0].tag != f"{space}{root}":
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"put one {root} into the document")
    body = Node(document[0], space, root)
    _check_settlement(body)
    fields = _fields(body, message)
    try:
        return Payment.model_validate(fields)
    except ValidationError as error:
        raise at_element(refusal_of(error), message) from None


def at_element(refusal: Refusal, message: MessageType) -> Refusal:
    """Put the path of the element in place of a canonical field."""
    if not refusal.field:
        return refusal
    path = f"{ROOTS[message]}/{element_of(message, refusal.field)}"
    return Refusal(refusal.fault, path, refusal.hint)


def _document_in(root: etree._Element) -> etree._Element:
    """Find the one ISO 20022 document, and see that the header announces it."""
    found = [
        element
        for element in root.iter("{*}Document")
        if (etree.QName(element).namespace or "").startswith(NAMESPACE)
    ]
    if len(found) != 1:
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"send one ISO 20022 document: {_KNOWN}")
    for announced in root.iter("{*}MsgDefIdr"):
        namespace = etree.QName(announced).namespace or ""
        own = etree.QName(found[0]).namespace
        if namespace.startswith(_HEADER) and f"{NAMESPACE}{(announced.text or '').strip()}" != own:
            hint = "name the message that the document holds"
            raise Refusal(Fault.INVALID_FIELD, "AppHdr/MsgDefIdr", hint)
    return found[0]


def _check_settlement(body: Node) -> None:
    """Check what has one value on Fedwire."""
    only = {
        "GrpHdr/NbOfTxs": "1",
        "GrpHdr/SttlmInf/SttlmMtd": "CLRG",
        "GrpHdr/SttlmInf/ClrSys/Cd": "FDW",
    }
    for steps, value in only.items():
        node = body.need(steps, _REQUIRED)
        if node.text().strip() != value:
            raise Refusal(Fault.INVALID_FIELD, node.path, f'write "{value}"')


def _fields(body: Node, message: MessageType) -> dict[str, object]:
    transfer = body.need("CdtTrfTxInf", "put one transfer into the message")
    fields: dict[str, object] = {"message_type": message}
    for field in _PLAIN_FIELDS:
        node = body.need(element_of(message, field), hint_for(field))
        fields[field] = text = node.text().strip()
        if field in _FORMS and _FORMS[field].fullmatch(text) is None:
            raise Refusal(Fault.INVALID_FIELD, node.path, hint_for(field))
    if not is_imad(str(fields["message_id"])):
        hint = "write the IMAD: cycle date, 8-character endpoint, number from 000001"
        raise Refusal(Fault.INVALID_FIELD, f"{body.path}/GrpHdr/MsgId", hint)
    amount = body.need(element_of(message, "amount"), hint_for("amount"))
    fields["currency"] = amount.attribute("Ccy")
    if message is MessageType.CUSTOMER:
        transfer.need("InstdAmt", _REQUIRED)
        charges = transfer.need("ChrgBr", _REQUIRED)
        if charges.text().strip() not in CHARGE_BEARERS:
            hint = f"write one of {', '.join(CHARGE_BEARERS)}"
            raise Refusal(Fault.INVALID_FIELD, charges.path, hint)
    for side, element, instructed in (
        ("debtor", "Dbtr", "InstgAgt"),
        ("creditor", "Cdtr", "InstdAgt"),
    ):
        participant = _routing_number(transfer.need(instructed, _REQUIRED))
        fields[side] = _party(transfer, element, message)
        fields[f"{side}_agent"] = _agent(transfer, element, participant)
    fields["purpose"] = _trimmed(body.value(element_of(message, "purpose")))
    fields["remittance"] = _first_line(transfer)
    return fields


def _trimmed(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _party(transfer: Node, element: str, message: MessageType) -> dict[str, object]:
    """Name (or, for want of one, another identifier), account and country of a side."""
    party = transfer.need(element, _REQUIRED)
    names: tuple[str, ...]
    if message is MessageType.BANK:
        party = party.need("FinInstnId", _REQUIRED)
        names = ("Nm", "BICFI", "LEI", "ClrSysMmbId/MmbId")
        home = None
    else:
        names = ("Nm", "Id/OrgId/AnyBIC", "Id/OrgId/LEI")
        home = party.value("CtryOfRes")
    name = next((text for step in names if (text := party.value(step))), None)
    if name is None:
        raise Refusal(Fault.MISSING_FIELD, f"{party.path}/Nm", "name the party")
    return {
        "name": name,
        "account": _account(transfer, f"{element}Acct"),
        "country": _trimmed(party.value("PstlAdr/Ctry") or home),
    }


def _account(transfer: Node, element: str) -> str | None:
    return transfer.value(f"{element}/Id/IBAN") or transfer.value(f"{element}/Id/Othr/Id")


def _routing_number(agent: Node) -> str:
    """Routing number of a participant, which is all that names it."""
    member = agent.need("FinInstnId/ClrSysMmbId", _REQUIRED)
    system = member.need("ClrSysId/Cd", f'write "{_CLEARING}"')
    if system.text().strip() != _CLEARING:
        raise Refusal(Fault.INVALID_FIELD, system.path, f'write "{_CLEARING}"')
    return member.need("MmbId", hint_for("routing_number")).text().strip()


def _agent(transfer: Node, element: str, participant: str) -> dict[str, object]:
    agent = transfer.need(f"{element}Agt", _REQUIRED)
    institution = agent.need("FinInstnId", _REQUIRED)
    own = _trimmed(institution.value("ClrSysMmbId/ClrSysId/Cd")) == _CLEARING
    return {
        "routing_number": _routing_number(agent) if own else participant,
        "name": institution.value("Nm"),
        "lei": _trimmed(institution.value("LEI")),
    }


def _first_line(transfer: Node) -> str | None:
    remittance = transfer.find("RmtInf")
    return None if remittance is None else remittance.first("Ustrd")
