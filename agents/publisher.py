"""Sends a batch of records and returns when all of them are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from agents.connection import Connection
from schemas.topics import Topic
from schemas.wire import Wire


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way to a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None


def outgoing(topic: Topic, key: str | None, message: Wire) -> Outgoing:
    """Put a message on its way, keyed as the topic declares."""
    return Outgoing(topic.name, key.encode() if key else None, message.to_bytes())


class Publisher:
    """One idempotent producer of a worker."""

    def __init__(self, connection: Connection) -> None:
        self._producer = connection.producer()

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Send all records and wait for every acknowledgement.

        Raises:
            aiokafka.errors.KafkaError: a record was not acknowledged; nothing that depends
                on it may be committed.
        """
        futures = [
            await self._producer.send(
                each.topic, each.value, key=each.key, partition=each.partition
            )
            for each in records
        ]
        await asyncio.gather(*futures)

    async def stop(self) -> None:
        """Flush and disconnect."""
        await self._producer.stop()
