"""Effects happen once: workers are killed with -9 under load, on real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agents.__main__ import WORKERS
from agents.broker.kafka import start_kafka
from agents.recompute import recompute
from agents.replay import Pace, Replay
from agents.station import Station
from pipeline.settings import Settings, load_settings
from pipeline.store import FlagDatabase
from pipeline.store.canonical import canonical_rows
from schemas.score import Score
from schemas.topics import RISK_SCORES
from tests.conftest import need_real_kafka
from tests.feeding import kept, payments_of

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]

PAYMENTS_SENT = 2400
RATE = 80
BETWEEN_KILLS_S = 4.0


@pytest_asyncio.fixture
async def settings(
    tmp_path: Path, fresh_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Settings]:
    """A cluster and a server of their own, reached by the two environment variables."""
    need_real_kafka()
    broker = start_kafka(tmp_path / "cluster")
    monkeypatch.setenv("COLDWIRE_KAFKA__BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    monkeypatch.setenv("COLDWIRE_DATABASE__URL", fresh_postgres_url)
    yield load_settings(data_dir=tmp_path / "data", prevalence_ratio=6.0)
    await broker.stop()


async def test_after_kills_of_every_worker_the_database_equals_the_recomputed_logs(
    settings: Settings, tmp_path: Path
) -> None:
    payments = list(payments_of(seed=11, count=PAYMENTS_SENT))
    async with Station(settings) as station:
        sending = asyncio.create_task(
            Replay(station.connection, Pace(rate=RATE)).run(iter(payments))
        )
        for worker in (*WORKERS, "profile", "ingest"):
            await asyncio.sleep(BETWEEN_KILLS_S)
            os.kill(station.supervisor.process_id(worker), signal.SIGKILL)
        await sending
        assert await station.lag.drained(patience_s=240)
        scores = [
            Score.from_bytes(r.value or b"") for r in await kept(station.connection, RISK_SCORES)
        ]
        with FlagDatabase.open(f"sqlite:///{tmp_path / 'again.db'}") as again:
            again.migrate()
            await recompute(station.connection, settings, again)
            with (
                FlagDatabase.open_read_only(settings.database_url) as live,
                live.reading() as was,
                again.reading() as now,
            ):
                for kind in ("scores", "alerts", "alert_reasons", "flags", "exposures"):
                    assert canonical_rows(was, kind) == canonical_rows(now, kind), kind
                stored = Counter(kind for kind in canonical_rows(was, "scores"))

    sides = {(score.uetr, score.role.value) for score in scores}
    sent = {(payment.uetr, role) for payment in payments for role in ("debtor", "creditor")}
    assert sides == sent
    assert len(stored) == len(sent)
