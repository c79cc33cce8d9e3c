"""Ingest: bytes become payments, and each payment two observations and a flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from agents.batch import Batch, Record
from agents.connection import Connection
from agents.dead_letters import dead_letter
from agents.publisher import Outgoing, Publisher, outgoing
from agents.standings import Standings
from pipeline.intake import Intake, Limits, Refusal
from pipeline.settings import Settings
from schemas.topics import COUNTERPARTY_EVENTS, DISPOSITIONS, GRAPH_EVENTS, PAYMENTS


class Ingest:
    """Validates, pseudonymises and fans out; refuses to the dead letters.

    It keeps no state of its own: what it knows of entities is a copy of their standings.
    """

    name = "ingest"
    topics: tuple[str, ...] = (PAYMENTS.name, DISPOSITIONS.name)
    patience_ms = 0

    def __init__(self, intake: Intake, standings: Standings, publisher: Publisher) -> None:
        self._intake = intake
        self._standings = standings
        self._publisher = publisher
        self._counts: Counter[str] = Counter()

    async def assigned(
        self, committed: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        """Know everybody's standing before the first payment."""
        await self._standings.start()
        return {}

    async def handle(self, batch: Batch) -> Sequence[Outgoing]:
        """Publish what the batch becomes and wait for the acknowledgements."""
        made = [out for each in batch.records for out in self._read(each)]
        batch.computed()
        await self._publisher.publish(made)
        return ()

    def _read(self, record: Record) -> list[Outgoing]:
        arrived_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        try:
            if record.topic == DISPOSITIONS.name:
                disposition = self._intake.disposition(record.value or b"", arrived_at)
                self._counts["dispositions"] += 1
                return [outgoing(COUNTERPARTY_EVENTS, disposition.entity, disposition)]
            content_type = dict(record.headers).get("content-type")
            made = self._intake.payment(
                record.value or b"",
                content_type.decode("latin-1") if content_type else None,
                arrived_at,
            )
        except Refusal as refusal:
            self._counts["dead_letters"] += 1
            return [dead_letter(record, refusal.fault, refusal.field, refusal.hint)]
        self._counts["payments"] += 1
        return [
            outgoing(COUNTERPARTY_EVENTS, made.debtor.entity, made.debtor),
            outgoing(COUNTERPARTY_EVENTS, made.creditor.entity, made.creditor),
            outgoing(GRAPH_EVENTS, None, made.flow),
        ]

    def report(self) -> Mapping[str, int]:
        """Payments and dispositions taken, inputs refused, entities known."""
        return {**self._counts, "standings": len(self._standings)}

    async def stop(self) -> None:
        """Stop following the standings."""
        await self._standings.stop()


def make_ingest(settings: Settings, connection: Connection, publisher: Publisher) -> Ingest:
    """Make the ingest worker; its pseudonym key comes from the settings or a local file."""
    limits = Limits(behind=timedelta(days=settings.oldest_days))
    standings = Standings(connection)
    return Ingest(Intake.from_settings(settings, limits, standings.of), standings, publisher)
