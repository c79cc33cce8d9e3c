"""Topics on the broker: created as declared in ``schemas.topics``, or refused."""

from __future__ import annotations

import asyncio

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from agents.connection import Connection
from pipeline.errors import ColdwireError
from schemas.topics import PAYMENTS, TOPICS, Topic

log = structlog.get_logger()

_ALREADY_EXISTS = 36
_BROKER_TIMED = {"payments", "risk-scores", "risk-alerts"}
"""Latency is counted between broker times, so these topics carry the broker's clock."""

_LARGEST_INPUT = 16 * 1024 * 1024
"""What is too large for a payment must still arrive, to become a dead letter with its reason."""


def _declaration(topic: Topic, replication_factor: int) -> NewTopic:
    configs = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(topic.retention_ms),
        "message.timestamp.type": (
            "LogAppendTime" if topic.name in _BROKER_TIMED else "CreateTime"
        ),
    }
    if topic is PAYMENTS:
        configs["max.message.bytes"] = str(_LARGEST_INPUT)
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication_factor,
        topic_configs=configs,
    )


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """Partitions of each topic that exists, by name."""
    names = set(await admin.list_topics()) & {topic.name for topic in TOPICS}
    if not names:
        return {}
    described = await admin.describe_topics(sorted(names))
    return {each["topic"]: len(each["partitions"]) for each in described}


def mismatches(found: dict[str, int]) -> list[str]:
    """Say in words which existing topics have another partition count than declared."""
    return [
        f"topic {topic.name} has {found[topic.name]} partitions, not {topic.partitions}"
        for topic in TOPICS
        if topic.name in found and found[topic.name] != topic.partitions
    ]


async def ensure_topics(connection: Connection) -> list[str]:
    """Create what is missing and verify what is there.

    Returns:
        The names of the topics that were created.

    Raises:
        ColdwireError: a topic exists with another partition count, or cannot be created.
    """
    admin = connection.admin()
    await admin.start()
    try:
        found = await partition_counts(admin)
        wrong = mismatches(found)
        if wrong:
            raise ColdwireError("; ".join(wrong), "delete the topic, or use another cluster")
        missing = [topic for topic in TOPICS if topic.name not in found]
        if missing:
            answer = await admin.create_topics(
                [_declaration(topic, connection.replication_factor) for topic in missing]
            )
            for name, code, *rest in answer.topic_errors:
                if code not in (0, _ALREADY_EXISTS):
                    raise ColdwireError(
                        f"topic {name} could not be created: {rest or for_code(code).__name__}",
                        "check the broker's log and the rights of this user",
                    )
            await _wait_until_described(admin, missing)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


async def _wait_until_described(admin: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    # Right after creation a broker may still describe a topic with no partitions.
    for _ in range(100):
        found = await partition_counts(admin)
        if all(found.get(topic.name) == topic.partitions for topic in topics):
            return
        await asyncio.sleep(0.1)
    wrong = mismatches(found) or ["the broker does not show the new topics"]
    raise ColdwireError("; ".join(wrong), "delete the topics and try again")
