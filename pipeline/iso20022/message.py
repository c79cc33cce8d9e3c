"""Any of the messages that are read and written here: payments, requests, broadcasts."""

from __future__ import annotations

from typing import Final

from pipeline.iso20022 import broadcast, return_request
from pipeline.iso20022.document import open_document
from pipeline.iso20022.reader import PAYMENT_ROOTS, payment_of
from pipeline.iso20022.writer import write_document
from schemas.broadcast import Broadcast
from schemas.payment import Payment
from schemas.return_request import ReturnRequest

_ROOTS: Final = PAYMENT_ROOTS | {
    return_request.DEFINITION: return_request.ROOT,
    broadcast.DEFINITION: broadcast.ROOT,
}


def read_message(value: bytes) -> Payment | ReturnRequest | Broadcast:
    """Read a message from XML.

    Raises:
        Refusal: it is none of them, or breaks a rule.
    """
    definition, body = open_document(value, _ROOTS)
    if definition == return_request.DEFINITION:
        return return_request.return_request_of(body)
    if definition == broadcast.DEFINITION:
        return broadcast.broadcast_of(body)
    return payment_of(definition, body)


def write_message(message: Payment | ReturnRequest | Broadcast) -> bytes:
    """Write a message as a document in UTF-8.

    Raises:
        ColdwireError: it breaks a rule of Fedwire that its type does not.
    """
    if isinstance(message, ReturnRequest):
        return return_request.write_return_request(message)
    if isinstance(message, Broadcast):
        return broadcast.write_broadcast(message)
    return write_document(message)
