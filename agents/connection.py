"""How clients of the broker are made: one place for addresses, security and patience."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from pipeline.errors import ColdwireError
from pipeline.settings import KafkaSettings

_FULL_ANSWER_BYTES = 1 << 20


class Connection:
    """Makes clients for the broker at the configured servers.

    Args:
        settings: with ``bootstrap_servers`` set.

    Raises:
        ColdwireError: no servers are set.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        if not settings.bootstrap_servers:
            raise ColdwireError(
                "no broker is configured",
                "set COLDWIRE_KAFKA__BOOTSTRAP_SERVERS, or use `coldwire up`, which starts one",
            )
        self.servers = settings.bootstrap_servers
        self.replication_factor = settings.replication_factor
        self._common: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": settings.security_protocol,
        }
        if "SSL" in settings.security_protocol:
            self._common["ssl_context"] = create_ssl_context()
        if "SASL" in settings.security_protocol:
            password = settings.password.get_secret_value() if settings.password else None
            self._common |= {
                "sasl_mechanism": settings.sasl_mechanism,
                "sasl_plain_username": settings.username,
                "sasl_plain_password": password,
            }

    def producer(self, **options: Any) -> AIOKafkaProducer:
        """An idempotent producer; a batch may wait out a leader change of 30 s or more."""
        defaults = {
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": 1,
            "request_timeout_ms": 40_000,
        }
        return AIOKafkaProducer(**self._common, **(defaults | options))

    def consumer(self, *, patience_ms: int = 0, **options: Any) -> AIOKafkaConsumer:
        """A consumer that never commits by itself and starts at the earliest record.

        Args:
            patience_ms: how long the broker may hold records back until they fill an answer;
                few full answers cost far less than many small ones.
            options: of aiokafka's consumer.
        """
        defaults = {
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": patience_ms or 100,
            "fetch_min_bytes": _FULL_ANSWER_BYTES if patience_ms else 1,
        }
        return AIOKafkaConsumer(**self._common, **(defaults | options))

    def admin(self) -> AIOKafkaAdminClient:
        """A client for topics and groups."""
        return AIOKafkaAdminClient(**self._common, request_timeout_ms=15_000)

    async def wait_until_ready(self, patience_s: float) -> None:
        """Return once the broker answers a request for its topics.

        Raises:
            ColdwireError: it did not within the given seconds.
        """
        until = time.monotonic() + patience_s
        while True:
            if not await self._listens() and time.monotonic() < until:
                await asyncio.sleep(0.05)
                continue
            admin = self.admin()
            try:
                await admin.start()
                await admin.list_topics()
                return
            except (KafkaError, OSError) as error:
                if time.monotonic() > until:
                    raise ColdwireError(
                        f"no broker answers at {self.servers}: {error}",
                        "start it, or correct COLDWIRE_KAFKA__BOOTSTRAP_SERVERS",
                    ) from None
                await asyncio.sleep(0.1)
            finally:
                await admin.close()

    async def _listens(self) -> bool:
        # A bare connection first: the client library logs every refused one as an error.
        for server in self.servers.split(","):
            host, _, port = server.strip().rpartition(":")
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except (OSError, ValueError):
                continue
            writer.close()
            return True
        return False
