"""ISO 20022 messages of the Fedwire Funds Service, release 2025."""

from pipeline.iso20022.broadcast import read_broadcast, write_broadcast
from pipeline.iso20022.message import read_message, write_message
from pipeline.iso20022.reader import read_document
from pipeline.iso20022.return_request import read_return_request, write_return_request
from pipeline.iso20022.writer import write_document

__all__ = [
    "read_broadcast",
    "read_document",
    "read_message",
    "read_return_request",
    "write_broadcast",
    "write_document",
    "write_message",
    "write_return_request",
]
