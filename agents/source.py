"""Where a worker's records come from: one consumer, batches, commits of what is done.

Faust's own consumer loses events in normal use, so a plain aiokafka consumer fetches and a
Faust channel carries whole batches to the agent. Offsets are committed only for the
contiguous prefix of batches that the agent has marked done.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast

import faust
import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from mode import Service
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from agents.batch import Batch, Ledger, Record
from agents.connection import Connection

log = structlog.get_logger()

_COMMIT_EVERY_S = 0.3
_DRAIN_PATIENCE_S = 20.0
_AT_ONCE_S = 0.001
_REFETCH_S = 0.005
_REST_S = 0.005
"""Least time from one batch to the next: requests to the broker cost more than records."""

Assigned = Callable[[Mapping[TopicPartition, int]], Awaitable[Mapping[TopicPartition, int]]]
"""Called with each new partition and its committed offset; returns where to start instead."""


class BatchChannel(faust.Channel[Any]):
    """A channel that keeps its batches when Faust's own consumer rebalances.

    The stock channel empties its queue whenever the application resumes its flow.
    """

    async def hand_over(self, batch: Batch) -> None:
        """Put a batch, raw: what Faust wraps as an event it may skip after a rebalance."""
        await self.put(cast(Any, batch))

    @property
    def queue(self) -> Any:
        """Queue of this reader, with a flow control of its own that is always open."""
        if self._queue is None:
            always_open = FlowControlEvent(initially_suspended=False)
            self._queue = ThrowableQueue(maxsize=self.maxsize or 1, flow_control=always_open)
        return self._queue

    @property
    def has_reader(self) -> bool:
        """Tell whether an agent is listening; what is put before that is lost."""
        return bool((self._root or self)._subscribers)


class BatchSource(Service):
    """Feeds an agent with batches and commits what it has done.

    Args:
        connection: to the broker.
        topics: consumed together, in one group.
        group: consumer group; ``member`` is the static id of this process in it.
        channel: that the agent reads.
        patience_ms: how long the broker may collect records for a larger batch.
        on_assigned: rebuilds state before records of new partitions are delivered.
    """

    def __init__(
        self,
        connection: Connection,
        topics: Iterable[str],
        *,
        group: str,
        member: str,
        channel: BatchChannel,
        batch_records: int,
        patience_ms: int,
        session_timeout_ms: int,
        on_assigned: Assigned | None = None,
    ) -> None:
        super().__init__()
        self._topics = tuple(topics)
        self._channel = channel
        self._batch_records = batch_records
        self._on_assigned = on_assigned
        self._ledger = Ledger()
        self._last_commit = 0.0
        self._generation = 0
        self._ready = asyncio.Event()
        self._rebuilding = asyncio.Lock()
        self.consumer = connection.consumer(
            patience_ms=patience_ms,
            group_id=group,
            group_instance_id=member,
            client_id=member,
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=max(session_timeout_ms // 4, 250),
            max_poll_records=batch_records,
        )

    @property
    def outstanding(self) -> int:
        """Batches handed out and not done."""
        return len(self._ledger)

    @property
    def ready(self) -> asyncio.Event:
        """Set once partitions are assigned and their state is rebuilt."""
        return self._ready

    async def on_start(self) -> None:
        """Join the group."""
        await self.consumer.start()
        self.consumer.subscribe(self._topics, listener=_Listener(self))

    @Service.task
    async def _fetch(self) -> None:
        try:
            while not self.should_stop and not self._channel.has_reader:
                await self.sleep(0.01)
            batch: Batch | None = None
            rested_at = 0.0
            while not self.should_stop:
                # One batch at a time: what arrives meanwhile makes the next one larger, and
                # a large batch costs little more than a small one.
                if batch is not None:
                    await batch.wait_computed()
                await self.sleep(max(0.0, rested_at - time.monotonic()))
                generation = self._generation
                records = await self._take()
                async with self._rebuilding:
                    if generation != self._generation:
                        continue  # fetched before a rebalance: they come again
                    if not records:
                        await self.commit()
                        continue
                    rested_at = time.monotonic() + _REST_S
                    batch = Batch(records, _when_done=self._on_done)
                    self._ledger.hand_out(batch)
                    await self._channel.hand_over(batch)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - ends the process, loudly
            await self.crash(error)

    async def _take(self) -> list[Record]:
        """Records that are there, or the first that come."""
        asked, most = time.monotonic(), self._batch_records
        records = _flat(await self.consumer.getmany(timeout_ms=200, max_records=most))
        if records and time.monotonic() - asked < _AT_ONCE_S:
            # They were fetched while the last batch was computed, and what came to their
            # partitions since then was not: give it time to be fetched too.
            await asyncio.sleep(_REFETCH_S)
            room = most - len(records)
            if room > 0:
                records += _flat(await self.consumer.getmany(timeout_ms=0, max_records=room))
        return records

    async def _on_done(self) -> None:
        self._ledger.settle()
        if time.monotonic() - self._last_commit >= _COMMIT_EVERY_S:
            await self.commit()

    async def commit(self) -> None:
        """Commit the finished prefix now."""
        offsets = self._ledger.take()
        if not offsets:
            return
        self._last_commit = time.monotonic()
        try:
            await self.consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions went to another member: it repeats these records, harmlessly.
            log.warning("offsets not committed", reason=str(error))

    async def drain(self) -> None:
        """Wait until what was handed out is done, then commit."""
        try:
            await asyncio.wait_for(self._ledger.idle(), _DRAIN_PATIENCE_S)
        except TimeoutError:
            log.warning("batches unfinished after the wait", batches=len(self._ledger))
        await self.commit()

    async def revoked(self) -> None:
        """Finish and commit before partitions go elsewhere."""
        self._generation += 1
        await self.drain()

    async def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Rebuild the state of new partitions, then let their records flow."""
        async with self._rebuilding:
            if self._on_assigned is not None:
                committed = {part: await self.consumer.committed(part) or 0 for part in partitions}
                for part, offset in (await self._on_assigned(committed)).items():
                    self.consumer.seek(part, offset)
        self._ready.set()

    async def on_stop(self) -> None:
        """Finish what was handed out, commit, leave."""
        await self.drain()
        await self.consumer.stop()


def _flat(fetched: Mapping[TopicPartition, list[Record]]) -> list[Record]:
    return [record for records in fetched.values() for record in records]


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands the consumer's rebalances to the source."""

    def __init__(self, source: BatchSource) -> None:
        self._source = source

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if list(revoked):
            await self._source.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        try:
            await self._source.assigned(list(assigned))
        except Exception as error:  # noqa: BLE001 - aiokafka would only log it
            await self._source.crash(error)
