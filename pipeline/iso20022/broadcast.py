"""admi.004.001.02: the system opens, closes, extends its day, or tells something else."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from pipeline.iso20022.document import Branch, open_document
from pipeline.iso20022.group import REQUIRED, read_fixed, read_plain
from pipeline.iso20022.tree import Node
from pipeline.refusal import refusal_of
from schemas.broadcast import Broadcast, SystemEvent

DEFINITION: Final = "admi.004.001.02"
ROOT: Final = "SysEvtNtfctn"


def read_broadcast(value: bytes) -> Broadcast:
    """Read a broadcast from XML.

    Raises:
        Refusal: it is none (a connection check is none either), or breaks a rule.
    """
    _, body = open_document(value, {DEFINITION: ROOT})
    return broadcast_of(body)


def broadcast_of(body: Node) -> Broadcast:
    """Read a broadcast from its element.

    Raises:
        Refusal: it breaks a rule.
    """
    event = body.need("EvtInf", REQUIRED)
    read_fixed(event, "EvtCd", *SystemEvent)
    fields = {
        "event": read_plain(event, "EvtCd", "event"),
        "cycle_date": read_plain(event, "EvtParam", "settlement_date"),
        "text": event.value("EvtDesc"),
        "event_at": read_plain(event, "EvtTm", "created_at"),
    }
    try:
        return Broadcast.model_validate(fields)
    except ValidationError as error:
        raise refusal_of(error) from None


def write_broadcast(broadcast: Broadcast) -> bytes:
    """Write a broadcast as a document in UTF-8."""
    body = Branch.of_document(DEFINITION, ROOT)
    event = body.branch("EvtInf")
    event.leaf("EvtCd", broadcast.event)
    event.leaf("EvtParam", broadcast.cycle_date.isoformat())
    event.leaf("EvtDesc", broadcast.text)
    event.leaf("EvtTm", broadcast.event_at.isoformat())
    return body.render()
