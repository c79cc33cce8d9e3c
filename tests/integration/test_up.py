"""``coldwire up`` as a user types it, on the broker that is at hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.broker, pytest.mark.slow]

COLDWIRE = [sys.executable, "-m", "pipeline.cli.main"]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("COLDWIRE_")}


def up(data_dir: Path, *options: str) -> dict[str, Any]:
    command = [*COLDWIRE, "up", "--no-ui", "--data-dir", str(data_dir), *options]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    summary: dict[str, Any] = json.loads(line)
    return summary


def processes_of(data_dir: Path) -> list[str]:
    """Command lines and environments of live processes that name the data directory."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                texts = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            except OSError:
                continue
            if any(str(data_dir).encode() in text for text in texts):
                found.append(texts[0].replace(b"\0", b" ").decode())
    return found


def test_a_run_accounts_for_every_payment_and_a_second_start_goes_on(tmp_path: Path) -> None:
    first = up(tmp_path, "--for", "8s", "--rate", "40")
    assert first["payments"] == first["flows"] == first["observations"] / 2 == 320
    assert first["scores"] == 640
    assert sum(first["scores_by_tier"].values()) == 640
    assert first["alerts_published"] == first["alerts_stored"]
    assert first["dead_letters"] == first["repeats"] == 0
    assert 0 < first["latency_ms"]["p50"] <= first["latency_ms"]["max"]
    assert processes_of(tmp_path) == []

    second = up(tmp_path, "--for", "2s", "--rate", "40")
    assert second["payments"] == 80
    assert second["repeats"] == 160, "the same stream again: every observation is a repeat"
    assert second["scores"] == 0


def test_when_the_supervisor_is_killed_nothing_is_left_running(tmp_path: Path) -> None:
    command = [*COLDWIRE, "up", "--no-ui", "--no-replay", "--data-dir", str(tmp_path)]
    running = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    logs = tmp_path / "logs"
    while time.monotonic() < until:
        ready = [log for log in logs.glob("*.log") if '"ready"' in log.read_text()]
        if len(ready) == 4:
            break
        time.sleep(0.2)
    assert len(processes_of(tmp_path)) >= 5
    running.send_signal(signal.SIGKILL)
    running.wait()
    while processes_of(tmp_path) and time.monotonic() < until:
        time.sleep(0.2)
    assert processes_of(tmp_path) == []
