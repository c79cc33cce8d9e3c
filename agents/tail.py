"""Reads topics outside any group: up to their present end, or on and on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from aiokafka import TopicPartition

from agents.batch import Record
from agents.connection import Connection
from schemas.topics import Topic

_AT_ONCE = 5_000


def partitions(topics: Iterable[Topic]) -> list[TopicPartition]:
    """All partitions of the topics, as declared."""
    return [TopicPartition(topic.name, n) for topic in topics for n in range(topic.partitions)]


async def read_to_end(
    connection: Connection, parts: Sequence[TopicPartition]
) -> AsyncIterator[Record]:
    """Yield every record of the partitions from the beginning to the end as of now."""
    if not parts:
        return
    consumer = connection.consumer()
    await consumer.start()
    try:
        consumer.assign(list(parts))
        ends = await consumer.end_offsets(list(parts))
        await consumer.seek_to_beginning(*parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            fetched = await consumer.getmany(timeout_ms=200, max_records=_AT_ONCE)
            for records in fetched.values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def follow(
    connection: Connection, topics: Sequence[Topic], *, from_beginning: bool, patience_ms: int = 0
) -> AsyncIterator[list[Record]]:
    """Yield what arrives on the topics, in batches (an empty one when nothing came).

    Without ``from_beginning`` it starts behind the last record at the time of the call. With
    patience the records come later and in fewer batches.
    """
    consumer = connection.consumer(patience_ms=patience_ms)
    await consumer.start()
    try:
        parts = partitions(topics)
        consumer.assign(parts)
        if from_beginning:
            await consumer.seek_to_beginning(*parts)
        else:
            for part, end in (await consumer.end_offsets(parts)).items():
                consumer.seek(part, end)
        while True:
            fetched = await consumer.getmany(timeout_ms=100, max_records=_AT_ONCE)
            yield [record for records in fetched.values() for record in records]
    finally:
        await consumer.stop()


async def end_offset(connection: Connection, part: TopicPartition) -> int:
    """Offset that the next record of the partition will get."""
    consumer = connection.consumer()
    await consumer.start()
    try:
        return int((await consumer.end_offsets([part]))[part])
    finally:
        await consumer.stop()
