"""Contagion: keeps the one graph, spreads flags through it, alerts with the path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog
from aiokafka import TopicPartition
from pydantic import ValidationError

from agents.batch import Batch
from agents.compute import Compute
from agents.connection import Connection
from agents.dead_letters import dead_letter
from agents.publisher import Outgoing, Publisher, outgoing
from agents.tail import end_offset
from pipeline.contagion.effects import ContagionEffects
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.snapshot import load, save
from pipeline.settings import Settings
from schemas.dead_letter import Fault
from schemas.records import FlagChange, Flow, graph_record
from schemas.topics import (
    COUNTERPARTY_EVENTS,
    EXPOSURES,
    GRAPH_EVENTS,
    RISK_ALERTS,
    RISK_FLAGS,
)

log = structlog.get_logger()

Numbered = tuple[int, Flow | FlagChange]


class Contagion:
    """A state machine over ``graph-events``; its state lives in snapshots and that log."""

    name = "contagion"
    topics: tuple[str, ...] = (GRAPH_EVENTS.name,)
    patience_ms = 50

    def __init__(
        self,
        engine: ContagionEngine,
        snapshot: Path,
        snapshot_every: int,
        connection: Connection,
        publisher: Publisher,
    ) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self._snapshot_every = snapshot_every
        self._connection = connection
        self._publisher = publisher
        self._compute = Compute("contagion")
        self._counts: Counter[str] = Counter()
        self._published_before = 0
        self._since_snapshot = 0

    async def assigned(
        self, committed: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        """Load the snapshot, if the log still reaches as far, and read on from there.

        What lies before the committed offset was published in an earlier life: it changes
        the graph again and is not published again.
        """
        if not committed:
            return {}
        [(part, offset)] = committed.items()
        self._published_before = offset
        start = 0
        if self._snapshot.exists():
            engine = await self._compute.run(load, self._snapshot)
            if engine.next_offset <= await end_offset(self._connection, part):
                self._engine, start = engine, engine.next_offset
            else:
                log.warning("snapshot is ahead of the log and is not used")
        return {part: start}

    async def handle(self, batch: Batch) -> Sequence[Outgoing]:
        """Move the graph, publish what follows from it, snapshot now and then."""
        numbered: list[Numbered] = []
        refused: list[Outgoing] = []
        for record in batch.records:
            try:
                numbered.append((record.offset, graph_record.validate_json(record.value or b"")))
            except ValidationError as error:
                refused.append(dead_letter(record, Fault.NOT_A_RECORD, "", str(error)[:300]))
        known = [each for each in numbered if each[0] < self._published_before]
        new = numbered[len(known) :]
        await self._compute.run(self._engine.process, known)
        effects = await self._compute.run(self._engine.process, new)
        await self._publisher.publish(refused + _messages(effects))
        self._count(effects)
        self._since_snapshot += len(numbered)
        if self._since_snapshot >= self._snapshot_every:
            await self._take_snapshot()
        return ()

    async def _take_snapshot(self) -> None:
        self._snapshot.parent.mkdir(parents=True, exist_ok=True)
        await self._compute.run(save, self._engine, self._snapshot)
        self._since_snapshot = 0

    def _count(self, effects: ContagionEffects) -> None:
        self._counts["flows"] += effects.flows
        self._counts["repeats"] += effects.repeats
        self._counts["exposures"] += len(effects.exposures)
        self._counts["alerts"] += len(effects.alerts)

    def report(self) -> Mapping[str, int]:
        """Flows, repeats, exposures and alerts."""
        return dict(self._counts)

    async def stop(self) -> None:
        """Leave a snapshot, so that the next start is short."""
        if self._since_snapshot:
            await self._take_snapshot()
        self._compute.close()


def _messages(effects: ContagionEffects) -> list[Outgoing]:
    return [
        *(outgoing(EXPOSURES, each.entity, each) for each in effects.exposures),
        *(outgoing(COUNTERPARTY_EVENTS, each.entity, each) for each in effects.updates),
        *(outgoing(RISK_FLAGS, each.entity, each) for each in effects.flags),
        *(outgoing(RISK_ALERTS, each.entity, each) for each in effects.alerts),
    ]


def make_contagion(settings: Settings, connection: Connection, publisher: Publisher) -> Contagion:
    """Make the contagion worker; its snapshots lie in the data directory."""
    return Contagion(
        ContagionEngine(),
        settings.data_dir / "contagion" / "graph.snapshot",
        settings.worker.snapshot_every,
        connection,
        publisher,
    )
