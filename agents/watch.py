"""What goes by on the topics: counts, latency, newest alerts, and how far workers lag."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from aiokafka import TopicPartition
from hdrh.histogram import HdrHistogram

from agents.batch import Record
from agents.connection import Connection
from agents.tail import follow, partitions
from schemas.alert import Alert, AlertKind
from schemas.score import Tier
from schemas.topics import (
    COUNTERPARTY_EVENTS,
    DEAD_LETTERS,
    DISPOSITIONS,
    EXPOSURES,
    GRAPH_EVENTS,
    PAYMENTS,
    RISK_ALERTS,
    RISK_FLAGS,
    RISK_SCORES,
    Topic,
)

_WATCHED = (PAYMENTS, COUNTERPARTY_EVENTS, GRAPH_EVENTS, RISK_SCORES, RISK_ALERTS, DEAD_LETTERS)
_CONSUMED: dict[str, tuple[Topic, ...]] = {
    "ingest": (PAYMENTS, DISPOSITIONS),
    "profile": (COUNTERPARTY_EVENTS,),
    "contagion": (GRAPH_EVENTS,),
    "record": (RISK_SCORES, RISK_ALERTS, RISK_FLAGS, EXPOSURES, DISPOSITIONS, DEAD_LETTERS),
}
_LONGEST_MS = 3_600_000
_NEWEST = 50
_PATIENCE_MS = 200


@dataclass
class Tally:
    """Counts since the watch began; ids are counted once, however often they came.

    Attributes:
        latency: broker time of the payment to broker time of its score, in milliseconds.
        score_ids, alert_ids: distinct ids, kept so that repeats count once.
    """

    payments: int = 0
    observations: int = 0
    flows: int = 0
    dead_letters: int = 0
    deadline_missed: int = 0
    adaptations: int = 0
    newcomers: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    latency: HdrHistogram = field(default_factory=lambda: HdrHistogram(1, _LONGEST_MS, 3))
    score_ids: set[bytes] = field(default_factory=set)
    alert_ids: set[bytes] = field(default_factory=set)
    contagion_alerts: int = 0
    newest: deque[Alert] = field(default_factory=lambda: deque(maxlen=_NEWEST))

    def take(self, record: Record) -> None:
        """Count one record."""
        value = record.value or b""
        if record.topic == PAYMENTS.name:
            self.payments += 1
        elif record.topic == COUNTERPARTY_EVENTS.name:
            self.observations += value.startswith(b'{"record":"observation"')
        elif record.topic == GRAPH_EVENTS.name:
            self.flows += value.startswith(b'{"record":"flow"')
        elif record.topic == DEAD_LETTERS.name:
            self.dead_letters += 1
        elif record.topic == RISK_SCORES.name:
            self._score(record, value)
        else:
            self._alert(value)

    def _score(self, record: Record, value: bytes) -> None:
        score = orjson.loads(value)
        key = bytes.fromhex(score["score_id"])
        if key in self.score_ids:
            return
        self.score_ids.add(key)
        self.tiers[Tier(score["tier"]).name.lower()] += 1
        self.deadline_missed += score["deadline_missed"]
        self.adaptations += score["inner_steps"] > 0
        self.newcomers += score["events_seen"] == 0
        arrived = _epoch_ms(score["arrived_at"])
        self.latency.record_value(min(max(record.timestamp - arrived, 1), _LONGEST_MS))

    def _alert(self, value: bytes) -> None:
        alert = Alert.from_bytes(value)
        key = bytes.fromhex(alert.alert_id)
        if key in self.alert_ids:
            return
        self.alert_ids.add(key)
        self.contagion_alerts += alert.kind is AlertKind.CONTAGION
        self.newest.append(alert)

    def latency_ms(self) -> dict[str, float]:
        """Percentiles of the latency; zeros before the first score."""
        at = self.latency.get_value_at_percentile
        return {
            "p50": at(50.0),
            "p99": at(99.0),
            "p99_9": at(99.9),
            "max": self.latency.get_max_value(),
        }


def _epoch_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Watch:
    """Follows the topics from the present end on.

    Args:
        connection: to the broker.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._task: asyncio.Task[None] | None = None
        self._following = asyncio.Event()
        self.tally = Tally()

    async def start(self) -> None:
        """Return once everything that comes from now on will be counted."""
        self._task = asyncio.create_task(self._follow())
        started = asyncio.create_task(self._following.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def _follow(self) -> None:
        followed = follow(
            self._connection, _WATCHED, from_beginning=False, patience_ms=_PATIENCE_MS
        )
        async for records in followed:
            self._following.set()
            for record in records:
                self.tally.take(record)

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class Lag:
    """Records that each worker has still to take."""

    def __init__(self, connection: Connection) -> None:
        self._admin = connection.admin()
        self._consumer = connection.consumer()

    async def start(self) -> None:
        """Connect."""
        await self._admin.start()
        await self._consumer.start()

    async def of(self, worker: str) -> int:
        """Lag of one worker over all its partitions."""
        ends = await self._consumer.end_offsets(partitions(_CONSUMED[worker]))
        committed = await self._admin.list_consumer_group_offsets(f"coldwire-{worker}")
        return sum(_behind(part, end, committed) for part, end in ends.items())

    async def all(self) -> dict[str, int]:
        """Lag of every worker, upstream first."""
        return {worker: await self.of(worker) for worker in _CONSUMED}

    async def drained(
        self, *, patience_s: float, workers: Sequence[str] = tuple(_CONSUMED)
    ) -> bool:
        """Wait until nobody lags any more.

        Profile and contagion feed each other, so all must be at the end twice in a row.
        """
        until = asyncio.get_running_loop().time() + patience_s
        calm = 0
        while calm < 2:
            if asyncio.get_running_loop().time() > until:
                return False
            lags = [await self.of(worker) for worker in workers]
            calm = calm + 1 if not any(lags) else 0
            await asyncio.sleep(0.4)
        return True

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()
        await self._admin.close()


def _behind(part: TopicPartition, end: int, committed: dict[TopicPartition, object]) -> int:
    offset = getattr(committed.get(part), "offset", 0)
    return int(end) - max(int(offset), 0)
