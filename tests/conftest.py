"""What several test packages share: a running Coldwire on the broker that is at hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import pytest_asyncio

from agents.broker import find_java, installed
from agents.station import Station
from pipeline.settings import Settings, load_settings
from tests.postgres import postgres_server


def need_real_kafka() -> None:
    """Skip where no Kafka can run; in CI its absence is a failure, met when it is started."""
    if not os.environ.get("CI") and not (installed() and find_java()):
        pytest.skip("needs a real Kafka: Java 17 and `coldwire broker install`")


@pytest.fixture(scope="session")
def station_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(data_dir=tmp_path_factory.mktemp("station"), prevalence_ratio=6.0)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def station(station_settings: Settings) -> AsyncIterator[Station]:
    """One running Coldwire for all tests that only feed it and look at what comes out."""
    async with Station(station_settings) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """An empty PostgreSQL database of the test's own."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS flags WITH (FORCE)")
        admin.execute("CREATE DATABASE flags")
        yield postgres_url.replace("/postgres?", "/flags?")
