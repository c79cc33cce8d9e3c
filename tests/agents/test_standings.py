"""The table of standings that every ingest worker keeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.broker.demo import start_demo
from agents.connection import Connection
from agents.standings import Standings
from agents.topics import ensure_topics
from pipeline.encoding.standing import standing_of
from pipeline.settings import KafkaSettings
from schemas.standing import Standing
from schemas.topics import STANDINGS

pytestmark = pytest.mark.broker


def _standing(events: int) -> Standing:
    ms = datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000
    standing = standing_of([float(events), *[1.0] * 8, ms, ms, 1.0, 1.0])
    assert standing is not None
    return standing


async def _tell(connection: Connection, *told: tuple[str, int]) -> None:
    producer = connection.producer()
    await producer.start()
    for entity, events in told:
        value = _standing(events).to_bytes()
        await producer.send_and_wait(STANDINGS.name, value, key=entity.encode())
    await producer.stop()


async def _until(standings: Standings, entity: str, events: int) -> None:
    for _ in range(2000):
        if standings.of(entity) == _standing(events):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(entity)


async def test_everybody_is_known_before_the_first_payment_and_followed_after(
    tmp_path: Path,
) -> None:
    broker = start_demo(tmp_path)
    connection = Connection(KafkaSettings(bootstrap_servers=broker.bootstrap_servers))
    await connection.wait_until_ready(30)
    await ensure_topics(connection)
    await _tell(connection, ("a", 1), ("b", 4), ("a", 2))

    standings = Standings(connection)
    assert standings.of("a") is None
    await standings.start()
    assert (standings.of("a"), standings.of("b")) == (_standing(2), _standing(4))
    assert standings.of("c") is None
    await _tell(connection, ("c", 9), ("b", 5))
    await _until(standings, "c", 9)
    await _until(standings, "b", 5)
    assert len(standings) == 3
    await standings.start()
    assert standings.of("c") == _standing(9)
    await standings.stop()
    await broker.stop()


async def test_a_table_that_is_no_longer_followed_is_not_read(tmp_path: Path) -> None:
    broker = start_demo(tmp_path)
    connection = Connection(KafkaSettings(bootstrap_servers=broker.bootstrap_servers))
    await connection.wait_until_ready(30)
    await ensure_topics(connection)
    standings = Standings(connection)
    await standings.start()
    await standings.stop()
    with pytest.raises(asyncio.CancelledError):
        standings.of("a")
    await broker.stop()
