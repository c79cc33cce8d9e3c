"""Puts a record aside with its reason, losing nothing but what is past the cut."""

from __future__ import annotations

from datetime import UTC, datetime

from agents.batch import Record
from agents.publisher import Outgoing, outgoing
from schemas.dead_letter import DeadLetter, Fault
from schemas.ids import dead_letter_id
from schemas.topics import DEAD_LETTERS

_KEPT_BYTES = 64 * 1024


def dead_letter(record: Record, fault: Fault, field: str, hint: str) -> Outgoing:
    """Make the dead letter of a record."""
    value = record.value or b""
    letter = DeadLetter(
        dead_letter_id=dead_letter_id(record.topic, record.partition, record.offset, value),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        fault=fault,
        field=field,
        hint=hint,
        arrived_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        original=value[:_KEPT_BYTES],
        original_size=len(value),
    )
    return outgoing(DEAD_LETTERS, None, letter)
