"""Everything that ``coldwire up`` keeps running: broker, topics, workers, watch."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import structlog

from agents.broker import WARNING, BrokerProcess, start_broker
from agents.broker.demo import wait_between_empty_answers
from agents.connection import Connection
from agents.supervisor import Supervisor
from agents.topics import ensure_topics
from agents.watch import Lag, Watch
from pipeline.errors import ColdwireError
from pipeline.settings import KafkaSettings, Settings

log = structlog.get_logger()

_BROKER_PATIENCE_S = 60.0


class Station:
    """A running Coldwire; use it as an async context.

    Args:
        settings: with or without a configured broker.

    Attributes:
        startup_s: seconds from entering to all workers being ready.
    """

    broker: BrokerProcess
    connection: Connection
    supervisor: Supervisor
    watch: Watch
    lag: Lag
    startup_s: float

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        begun = time.monotonic()
        self._settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.broker = start_broker(self._settings)
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        self.startup_s = time.monotonic() - begun
        return self

    async def _start(self) -> None:
        if self.broker.kind == "demo":
            log.warning(WARNING)
            wait_between_empty_answers()
        kafka = self._settings.kafka.model_dump() | {
            "bootstrap_servers": self.broker.bootstrap_servers
        }
        self.connection = Connection(KafkaSettings(**kafka))
        await self._broker_ready()
        await ensure_topics(self.connection)
        self.watch = Watch(self.connection)
        self.lag = Lag(self.connection)
        await self.lag.start()
        await self.watch.start()
        self.supervisor = Supervisor(self._environment(), self._settings.data_dir / "logs")
        await self.supervisor.start()

    async def _broker_ready(self) -> None:
        try:
            await self.connection.wait_until_ready(_BROKER_PATIENCE_S)
        except ColdwireError:
            if self.broker.alive():
                raise
            where = self._settings.data_dir / "broker"
            raise ColdwireError("the broker ended at once", f"see broker.log in {where}") from None

    def _environment(self) -> dict[str, str]:
        settings = self._settings
        environment = {
            "COLDWIRE_DATA_DIR": str(settings.data_dir.resolve()),
            "COLDWIRE_KAFKA__BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "COLDWIRE_DEADLINE_MS": str(settings.deadline_ms),
            "COLDWIRE_PREVALENCE_RATIO": str(settings.prevalence_ratio),
            "COLDWIRE_ALERT_COST_RATIO": str(settings.alert_cost_ratio),
            "COLDWIRE_FLAG_COST_RATIO": str(settings.flag_cost_ratio),
        }
        if self.broker.kind == "demo":
            environment["COLDWIRE_BROKER"] = "demo"
        if settings.checkpoint is not None:
            environment["COLDWIRE_CHECKPOINT"] = str(settings.checkpoint.resolve())
        return environment

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        # The workers first, upstream before downstream; the broker outlives its clients.
        for part in ("supervisor", "watch", "lag", "broker"):
            if hasattr(self, part):
                await getattr(self, part).stop()
