"""The supervisor with a worker that is only a few lines long: what counts is how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from agents.supervisor import Supervisor

_WORKER = """
import os, pathlib, time

runs = pathlib.Path("runs")
before = len(runs.read_text()) if runs.exists() else 0
runs.write_text("x" * (before + 1))
if before != 1:
    os.write(int(os.environ["COLDWIRE_READY_FD"]), b"ready\\n")
time.sleep(60)
"""
"""Says that it is ready, but for its second run, which hangs before."""


async def _wait_for_run(folder: Path, number: int) -> None:
    for _ in range(1000):
        if (folder / "runs").exists() and len((folder / "runs").read_text()) >= number:
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"run {number} never began")


async def test_a_worker_that_is_killed_before_it_was_ready_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "__main__.py").write_text(_WORKER)
    supervisor = Supervisor({}, tmp_path / "logs", ("ingest",))
    await supervisor.start()
    try:
        for run in (2, 3):
            os.kill(supervisor.process_id("ingest"), signal.SIGKILL)
            await _wait_for_run(tmp_path, run)
        assert supervisor.failed is not None
        assert not supervisor.failed.done()
    finally:
        await supervisor.stop()
