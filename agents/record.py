"""Record: writes everything that analysts query into the flag database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from pydantic import ValidationError

from agents.batch import Batch
from agents.compute import Compute
from agents.connection import Connection
from agents.publisher import Outgoing, Publisher
from pipeline.settings import Settings
from pipeline.store import FlagDatabase
from schemas.topics import (
    DEAD_LETTERS,
    DISPOSITIONS,
    EXPOSURES,
    RISK_ALERTS,
    RISK_FLAGS,
    RISK_SCORES,
    Topic,
)
from schemas.wire import Wire

log = structlog.get_logger()

_RECORDED: tuple[Topic, ...] = (
    RISK_SCORES,
    RISK_ALERTS,
    RISK_FLAGS,
    EXPOSURES,
    DISPOSITIONS,
    DEAD_LETTERS,
)


class Record:
    """Stateless: one transaction a batch; the database tells repeats by their ids."""

    name = "record"
    topics: tuple[str, ...] = tuple(topic.name for topic in _RECORDED)
    patience_ms = 150

    def __init__(self, database: FlagDatabase) -> None:
        self._database = database
        self._schema_of = {topic.name: topic.carries[0] for topic in _RECORDED}
        self._compute = Compute("record")
        self._counts: Counter[str] = Counter()

    async def assigned(
        self, committed: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        """Nothing to rebuild."""
        return {}

    async def handle(self, batch: Batch) -> Sequence[Outgoing]:
        """Write the batch in one transaction."""
        messages: list[Wire] = []
        for record in batch.records:
            try:
                messages.append(self._schema_of[record.topic].from_bytes(record.value or b""))
            except ValidationError as error:
                # A malformed disposition is ingest's to refuse, with its reason.
                self._counts["unreadable"] += 1
                log.warning("record not stored", topic=record.topic, reason=str(error)[:300])
        written = await self._compute.run(self._database.write, messages)
        self._counts.update(written.stored)
        self._counts["repeats"] += sum(written.repeats.values())
        return ()

    def report(self) -> Mapping[str, int]:
        """Rows written, repeats and records that could not be read."""
        return dict(self._counts)

    async def stop(self) -> None:
        """Close the database."""
        self._compute.close()
        self._database.close()


def make_record(settings: Settings, connection: Connection, publisher: Publisher) -> Record:
    """Make the record worker on the configured database, migrated to this version."""
    database = FlagDatabase.open(settings.database_url)
    database.migrate()
    return Record(database)
