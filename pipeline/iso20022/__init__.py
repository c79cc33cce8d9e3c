"""ISO 20022 messages of the Fedwire Funds Service, release 2025."""

from pipeline.iso20022.reader import read_document
from pipeline.iso20022.writer import write_document

__all__ = ["read_document", "write_document"]
