"""Choosing, starting and stopping a broker."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic
from aiokafka.consumer.fetcher import Fetcher

from agents.broker import start_broker
from agents.broker.demo import start_demo, wait_between_empty_answers
from agents.connection import Connection
from agents.tail import follow
from agents.topics import ensure_topics
from pipeline.errors import ColdwireError
from pipeline.settings import KafkaSettings, load_settings
from schemas.topics import PAYMENTS, TOPICS

pytestmark = pytest.mark.broker


def connect(servers: str) -> Connection:
    return Connection(KafkaSettings(bootstrap_servers=servers))


def test_a_configured_broker_is_used_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLDWIRE_KAFKA__BOOTSTRAP_SERVERS", "kafka.example:9092")
    broker = start_broker(load_settings(data_dir=tmp_path))
    assert (broker.kind, broker.process) == ("external", None)


def test_under_ci_a_missing_kafka_is_an_error_and_never_the_demo_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    with pytest.raises(ColdwireError, match="jars"):
        start_broker(load_settings(data_dir=tmp_path))


async def test_what_was_acknowledged_is_there_after_a_clean_restart(tmp_path: Path) -> None:
    for start in range(2):
        broker = start_demo(tmp_path)
        connection = connect(broker.bootstrap_servers)
        await connection.wait_until_ready(30)
        await ensure_topics(connection)
        producer = connection.producer()
        await producer.start()
        kept = await producer.send_and_wait(PAYMENTS.name, b"x", partition=0)
        await producer.stop()
        await broker.stop()
        assert kept.offset == start


async def test_after_a_kill_the_demo_broker_opens_a_new_generation(tmp_path: Path) -> None:
    broker = start_demo(tmp_path)
    await connect(broker.bootstrap_servers).wait_until_ready(30)
    assert broker.process is not None
    broker.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(broker.process.wait)
    again = start_demo(tmp_path)
    await connect(again.bootstrap_servers).wait_until_ready(30)
    await again.stop()
    assert (tmp_path / "demo-lost-0").is_dir()


async def test_a_topic_with_another_partition_count_is_refused_by_name(tmp_path: Path) -> None:
    broker = start_demo(tmp_path)
    connection = connect(broker.bootstrap_servers)
    await connection.wait_until_ready(30)
    admin = connection.admin()
    await admin.start()
    await admin.create_topics([NewTopic(PAYMENTS.name, PAYMENTS.partitions + 1, 1)])
    await admin.close()
    with pytest.raises(ColdwireError, match=f"topic {PAYMENTS.name} has 5 partitions, not 4"):
        await ensure_topics(connection)
    await broker.stop()


async def test_missing_topics_are_created_once(tmp_path: Path) -> None:
    broker = start_demo(tmp_path)
    connection = connect(broker.bootstrap_servers)
    await connection.wait_until_ready(30)
    assert await ensure_topics(connection) == [topic.name for topic in TOPICS]
    assert await ensure_topics(connection) == []
    await broker.stop()


async def test_consumers_of_the_demo_broker_wait_between_empty_answers_and_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    plain = Fetcher._proc_fetch_request

    async def count(fetcher: Fetcher, *request: object) -> object:
        nonlocal asked
        asked += 1
        return await plain(fetcher, *request)

    monkeypatch.setattr(Fetcher, "_proc_fetch_request", count)
    wait_between_empty_answers()
    broker = start_demo(tmp_path)
    connection = connect(broker.bootstrap_servers)
    await connection.wait_until_ready(30)
    await ensure_topics(connection)
    batches = follow(connection, [PAYMENTS], from_beginning=True)
    for _ in range(5):
        assert await anext(batches) == []
    assert 5 <= asked <= 40
    await asyncio.wait_for(batches.aclose(), 5)
    await broker.stop()


async def test_no_broker_is_one_clear_error() -> None:
    with pytest.raises(ColdwireError, match="no broker answers") as caught:
        await connect("127.0.0.1:9").wait_until_ready(0.2)
    assert "COLDWIRE_KAFKA__BOOTSTRAP_SERVERS" in caught.value.fix
