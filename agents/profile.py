"""Profile: keeps each counterparty's profile, scores, adapts, alerts, flags."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import TopicPartition
from pydantic import ValidationError

from agents.batch import Batch
from agents.compute import Compute
from agents.connection import Connection
from agents.dead_letters import dead_letter
from agents.publisher import Outgoing, Publisher, outgoing
from agents.tail import read_to_end
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring.budget import Budget
from pipeline.scoring.effects import Effects, LogRecord
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.policy import Policy
from pipeline.scoring.warm_up import warm_up
from pipeline.settings import Settings
from schemas.dead_letter import Fault
from schemas.records import counterparty_record
from schemas.topics import (
    COUNTERPARTY_EVENTS,
    GRAPH_EVENTS,
    PROFILES,
    RISK_ALERTS,
    RISK_FLAGS,
    RISK_SCORES,
    STANDINGS,
)

log = structlog.get_logger()


State = list[tuple[str, str, bytes]]
"""Topic, entity, and the bytes to store there."""


def _now_ms() -> float:
    return time.time() * 1000


class Profile:
    """A state machine over ``counterparty-events``; its state lives in ``profiles``.

    What others may know of its entities goes to ``standings``.
    """

    name = "profile"
    topics: tuple[str, ...] = (COUNTERPARTY_EVENTS.name,)
    patience_ms = 0

    def __init__(
        self, engine: ProfileEngine, deadline_ms: int, connection: Connection, publisher: Publisher
    ) -> None:
        self._engine = engine
        self._budget = Budget(_now_ms, deadline_ms)
        self._connection = connection
        self._publisher = publisher
        self._compute = Compute("profile")
        self._counts: Counter[str] = Counter()

    async def assigned(
        self, committed: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        """Read the profiles of the new partitions back into the arena."""
        parts = [TopicPartition(PROFILES.name, part.partition) for part in committed]
        async for record in read_to_end(self._connection, parts):
            if record.key is not None and record.value is not None:
                self._engine.restore(record.key.decode(), record.value)
                self._counts["restored"] += 1
        return {}

    async def handle(self, batch: Batch) -> Sequence[Outgoing]:
        """Publish scores, alerts and flags; the profiles that they left are the state."""
        logged, refused, partition_of = _decode(batch)
        effects, state = await self._compute.run(self._process, logged)
        batch.computed()
        await self._publisher.publish(refused + _messages(effects))
        self._count(effects)
        if effects.deferred is not None:
            late, state = await self._compute.run(self._settle, effects)
            await self._publisher.publish(_messages(late))
            self._count(late)
        return [
            Outgoing(topic, entity.encode(), value, partition_of[entity])
            for topic, entity, value in state
        ]

    def _process(self, logged: list[LogRecord]) -> tuple[Effects, State]:
        """Effects, and the state that they leave: none yet if some are put off."""
        effects = self._engine.process(logged, self._budget)
        return effects, [] if effects.deferred is not None else self._settle(effects)[1]

    def _settle(self, effects: Effects) -> tuple[Effects, State]:
        late = self._engine.settle(effects)
        packed = self._engine.packed(effects.touched)
        standings = self._engine.standings(effects.touched)
        return late, [
            *((PROFILES.name, entity, value) for entity, value in packed),
            *((STANDINGS.name, entity, each.to_bytes()) for entity, each in standings),
        ]

    def _count(self, effects: Effects) -> None:
        self._counts["scores"] += len(effects.scores)
        self._counts["alerts"] += len(effects.alerts)
        self._counts["adaptations"] += effects.adaptations
        self._counts["repeats"] += effects.repeats

    def report(self) -> Mapping[str, int]:
        """Scores, alerts, adaptations, repeats and restored profiles."""
        return dict(self._counts)

    async def stop(self) -> None:
        """End the computing thread."""
        self._compute.close()


def _decode(batch: Batch) -> tuple[list[LogRecord], list[Outgoing], dict[str, int]]:
    logged: list[LogRecord] = []
    refused: list[Outgoing] = []
    partition_of: dict[str, int] = {}
    for record in batch.records:
        try:
            decoded = counterparty_record.validate_json(record.value or b"")
        except ValidationError as error:
            refused.append(dead_letter(record, Fault.NOT_A_RECORD, "", str(error)[:300]))
            continue
        logged.append(LogRecord(record.partition, record.offset, decoded))
        partition_of[decoded.entity] = record.partition
    return logged, refused, partition_of


def _messages(effects: Effects) -> list[Outgoing]:
    return [
        *(outgoing(RISK_SCORES, each.entity, each) for each in effects.scores),
        *(outgoing(RISK_ALERTS, each.entity, each) for each in effects.alerts),
        *(outgoing(RISK_FLAGS, each.entity, each) for each in effects.flags),
        *(outgoing(GRAPH_EVENTS, None, each) for each in effects.flag_changes),
    ]


def load_checkpoint(settings: Settings) -> Checkpoint:
    """Load the configured or the shipped checkpoint."""
    return Checkpoint.load(settings.checkpoint or SHIPPED)


def make_engine(checkpoint: Checkpoint, settings: Settings) -> ProfileEngine:
    """Make an engine with the configured costs."""
    policy = Policy(
        alert_cost_ratio=settings.alert_cost_ratio,
        flag_cost_ratio=settings.flag_cost_ratio,
        prevalence_ratio=settings.prevalence_ratio,
    )
    return ProfileEngine(checkpoint, policy)


def make_profile(settings: Settings, connection: Connection, publisher: Publisher) -> Profile:
    """Make the profile worker; another engine, thrown away, has warmed the libraries up."""
    checkpoint = load_checkpoint(settings)
    warm_up(make_engine(checkpoint, settings))
    engine = make_engine(checkpoint, settings)
    return Profile(engine, settings.deadline_ms, connection, publisher)
