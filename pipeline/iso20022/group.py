"""What the messages that settle share: the group header, amounts, codes with one value."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from pipeline.errors import ColdwireError
from pipeline.iso20022.document import Branch
from pipeline.iso20022.rules import is_imad
from pipeline.iso20022.tree import Node
from pipeline.refusal import Refusal, hint_for
from schemas.dead_letter import Fault

REQUIRED = "add the element: Fedwire requires it"

_ONLY = {
    "GrpHdr/NbOfTxs": "1",
    "GrpHdr/SttlmInf/SttlmMtd": "CLRG",
    "GrpHdr/SttlmInf/ClrSys/Cd": "FDW",
}
_FORMS = {
    "amount": re.compile(r"[0-9]{1,14}(\.[0-9]{1,5})?"),
    "created_at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(Z|[+-][0-9]{2}:[0-9]{2})"),
    "settlement_date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""Forms of XML Schema's types, where pydantic would also take others (a count of seconds)."""


def read_plain(node: Node, steps: str, field: str) -> str:
    """Read a required leaf, trimmed, in the form that its field has in XML.

    Raises:
        Refusal: it is missing, or in another form.
    """
    leaf = node.need(steps, hint_for(field))
    text = leaf.text().strip()
    if field in _FORMS and _FORMS[field].fullmatch(text) is None:
        raise Refusal(Fault.INVALID_FIELD, leaf.path, hint_for(field))
    return text


def read_fixed(node: Node, steps: str, *values: str) -> None:
    """Check a required leaf that has one of few values.

    Raises:
        Refusal: it is missing, or has another.
    """
    leaf = node.need(steps, REQUIRED)
    if leaf.text().strip() not in values:
        raise Refusal(Fault.INVALID_FIELD, leaf.path, f"write {' or '.join(values)}")


def read_imad(node: Node, steps: str) -> str:
    """Read a message's own id.

    Raises:
        Refusal: it is missing, or no IMAD.
    """
    text = read_plain(node, steps, "message_id")
    if not is_imad(text):
        hint = "write the IMAD: cycle date, 8-character endpoint, number from 000001"
        raise Refusal(Fault.INVALID_FIELD, f"{node.path}/{steps}", hint)
    return text


def read_header(body: Node) -> dict[str, object]:
    """Read the group header: ``message_id`` and ``created_at``.

    Raises:
        Refusal: an element is missing or wrong.
    """
    message_id = read_imad(body, "GrpHdr/MsgId")
    created_at = read_plain(body, "GrpHdr/CreDtTm", "created_at")
    for steps, value in _ONLY.items():
        read_fixed(body, steps, value)
    return {"message_id": message_id, "created_at": created_at}


def write_header(body: Branch, message_id: str, created_at: datetime) -> None:
    """Write the group header."""
    header = body.branch("GrpHdr")
    header.leaf("MsgId", message_id)
    header.leaf("CreDtTm", created_at.isoformat())
    header.leaf("NbOfTxs", "1")
    settlement = header.branch("SttlmInf")
    settlement.leaf("SttlmMtd", "CLRG")
    settlement.leaf("ClrSys/Cd", "FDW")


def write_amount(parent: Branch, element: str, amount: Decimal) -> None:
    """Write US dollars with two decimals."""
    parent.leaf(element, f"{amount:.2f}", Ccy="USD")


def check_imad(message_id: str) -> None:
    """Refuse to write a message under an id that Fedwire would not take.

    Raises:
        ColdwireError: it is no IMAD.
    """
    if not is_imad(message_id):
        raise ColdwireError(
            f"message_id {message_id} is no IMAD",
            "give cycle date, 8-character endpoint and a number from 000001",
        )
