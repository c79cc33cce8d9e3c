"""The Faust application of a worker: one agent on a channel of batches, one on ``control``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import faust
import structlog
from aiokafka import TopicPartition

from agents.batch import Batch
from agents.publisher import Outgoing, Publisher
from agents.source import BatchChannel, BatchSource
from agents.storing import Storing
from pipeline.settings import Settings
from schemas.control import Control
from schemas.topics import CONTROL

log = structlog.get_logger()


class Handler(Protocol):
    """What a worker does with its batches; one a file in this package."""

    @property
    def name(self) -> str:
        """Name of the worker, also of its group, its log and its metrics."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that it consumes, together."""
        ...

    @property
    def patience_ms(self) -> int:
        """How long its records may wait at the broker for company."""
        ...

    async def assigned(
        self, committed: Mapping[TopicPartition, int]
    ) -> Mapping[TopicPartition, int]:
        """Rebuild the state of new partitions; return where to start instead, if elsewhere."""
        ...

    async def handle(self, batch: Batch) -> Sequence[Outgoing]:
        """Compute, publish the effects, await the acknowledgements; raise when any failed.

        A handler may say ``batch.computed()`` before it publishes, so that the next batch is
        fetched meanwhile; it is handed over after the return.

        Returns:
            State to store now that the effects are out; the batch is done once it is stored.
        """
        ...

    def report(self) -> Mapping[str, int]:
        """Counts since the start, for the log and the metrics."""
        ...

    async def stop(self) -> None:
        """Put away what the handler holds."""
        ...


def make_app(name: str, servers: str, settings: Settings) -> faust.App:
    """Make the application that carries a worker's agents.

    Faust consumes only the low-rate control topic; its static member id lets a killed
    worker come back at once.
    """
    group = f"coldwire-{name}-control"
    home = Path(settings.data_dir) / "faust" / group
    home.mkdir(parents=True, exist_ok=True)
    return faust.App(
        group,
        broker=[f"kafka://{server}" for server in servers.split(",")],
        autodiscover=False,
        broker_session_timeout=settings.worker.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.worker.session_timeout_ms / 4000,
        broker_commit_interval=0.5,
        consumer_group_instance_id=f"{group}-{settings.worker.instance}",
        datadir=str(home),
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        value_serializer="raw",
        web_enabled=False,
    )


def attach(
    app: faust.App,
    handler: Handler,
    source: BatchSource,
    channel: BatchChannel,
    publisher: Publisher,
) -> None:
    """Put the handler's agent on the channel and the control agent on its topic.

    Effects, then state, then offsets: the state of a batch is stored while the next ones are
    computed. An exception ends the process: nothing of the batch has been committed, so the
    next start takes it up again.
    """
    endings: list[asyncio.Future[None]] = []

    def end(error: Exception) -> None:
        log.error("state not stored", reason=repr(error))
        endings.append(asyncio.ensure_future(app.crash(error)))

    storing = Storing(publisher, failed=end)

    @app.agent(channel, name=handler.name)
    async def take_batches(batches: AsyncIterable[Batch]) -> None:
        async for batch in batches:
            try:
                state = await handler.handle(batch)
                await storing.add(batch, state)
                batch.computed()
            except Exception as error:
                log.exception("batch failed", records=len(batch.records))
                await app.crash(error)
                raise

    @app.agent(app.topic(CONTROL.name, value_type=bytes, internal=True), name="control")
    async def take_control(orders: AsyncIterable[bytes]) -> None:
        async for order in orders:
            try:
                Control.from_bytes(order)
            except ValueError as error:
                log.warning("control message ignored", reason=str(error))
                continue
            log.info("report", outstanding=source.outstanding, **handler.report())
