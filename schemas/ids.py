"""Deterministic ids: the same event gives the same id, on every run and worker."""

from __future__ import annotations

import hashlib
import uuid

_ID_BYTES = 16


def stable_id(kind: str, *parts: str) -> str:
    """Hash a kind and its parts to 32 hex digits.

    The separator cannot occur in a part (ids, entity ids and versions are printable),
    so two different lists of parts never meet in one input.
    """
    text = "\x1f".join((kind, *parts))
    return hashlib.blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest()


def score_id(uetr: str, entity: str, role: str, model_version: str) -> str:
    """Id of the score of one side of a payment under one model."""
    return stable_id("score", uetr, entity, role, model_version)


def alert_id(kind: str, uetr: str, entity: str, role: str, model_version: str) -> str:
    """Id of the alert of that kind for one side of a payment under one model."""
    return stable_id("alert", kind, uetr, entity, role, model_version)


def flag_id(kind: str, entity: str, cause: str) -> str:
    """Id of a flag from the record (alert id or flow's UETR) that raised it."""
    return stable_id("flag", kind, entity, cause)


def return_uetr(original: str, message_id: str) -> str:
    """UETR of a return whose message carries the original's alone: a version 4 UUID."""
    made = stable_id("return", original, message_id)
    return str(uuid.UUID(hex=made, version=4))


def dead_letter_id(topic: str, partition: int, offset: int, value: bytes) -> str:
    """Id of the dead letter of one record.

    The content counts too, since a broker that lost its tail reuses offsets.
    """
    digest = hashlib.blake2b(value, digest_size=_ID_BYTES).hexdigest()
    return stable_id("dead-letter", topic, str(partition), str(offset), digest)
