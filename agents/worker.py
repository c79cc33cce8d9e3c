"""Runs one worker from start to a clean end."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

import structlog

from agents.app import Handler, attach, make_app
from agents.connection import Connection
from agents.publisher import Publisher
from agents.source import BatchChannel, BatchSource
from pipeline.metrics import serve_metrics
from pipeline.settings import Settings

log = structlog.get_logger()

_BROKER_PATIENCE_S = 60.0

MakeHandler = Callable[[Settings, Connection, Publisher], Handler]


def _signal_ready() -> None:
    """Tell the supervisor, if there is one, that records are being taken."""
    descriptor = os.environ.get("COLDWIRE_READY_FD")
    if descriptor is not None:
        with os.fdopen(int(descriptor), "w") as pipe:
            pipe.write("ready\n")


def _end_with_supervisor() -> None:
    """End this process when the supervisor's end of the lifeline closes, however it died."""
    descriptor = os.environ.get("COLDWIRE_LIFELINE_FD")
    if descriptor is None:
        return

    def watch() -> None:
        os.read(int(descriptor), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="lifeline").start()


async def run_worker(settings: Settings, make_handler: MakeHandler) -> None:
    """Run until SIGTERM or SIGINT, then finish, commit and leave.

    Raises:
        Exception: whatever failed in the handler or the source; the caller exits non-zero.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _end_with_supervisor()
    connection = Connection(settings.kafka)
    await connection.wait_until_ready(_BROKER_PATIENCE_S)
    publisher = Publisher(connection)
    handler = make_handler(settings, connection, publisher)
    app = make_app(handler.name, connection.servers, settings)
    channel = BatchChannel(app, maxsize=1)
    group = f"coldwire-{handler.name}"
    source = BatchSource(
        connection,
        handler.topics,
        group=group,
        member=f"{group}-{settings.worker.instance}",
        channel=channel,
        batch_records=settings.worker.batch_records,
        patience_ms=handler.patience_ms,
        session_timeout_ms=settings.worker.session_timeout_ms,
        on_assigned=handler.assigned,
    )
    attach(app, handler, source, channel, publisher)
    serve_metrics(settings.worker.metrics_port, handler.name, handler.report)
    await publisher.start()
    await app.start()
    await source.start()
    ended = [
        asyncio.create_task(each)
        for each in (stop.wait(), app.wait_until_stopped(), source.wait_until_stopped())
    ]
    ready = asyncio.create_task(source.ready.wait())
    await asyncio.wait([ready, *ended], return_when=asyncio.FIRST_COMPLETED)
    if source.ready.is_set():
        _signal_ready()
        log.info("ready")
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
    failure = app.crash_reason or source.crash_reason
    if failure is not None:
        raise failure  # no clean-up: nothing of the failed batch may be committed
    await source.stop()
    await app.stop()
    await handler.stop()
    await publisher.stop()
    for task in (*ended, ready):
        task.cancel()
    log.info("stopped", **handler.report())
