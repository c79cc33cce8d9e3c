"""The demo broker (noida-db): nothing to install, and nothing to rely on.

It keeps records in memory and rewrites one file; killed, it loses the last seconds of
acknowledged records and reuses their offsets. So a start that does not follow a clean
stop opens a new generation of its data instead of going on with half of the old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiokafka.consumer.fetcher import Fetcher

from agents.broker.process import BrokerProcess, free_ports, spawn
from pipeline.errors import ColdwireError

WARNING = (
    "demo broker: for trying Coldwire on one machine; killed or without power it loses the "
    "last seconds. `coldwire broker install` brings a real Kafka."
)

_EMPTY_ANSWER_S = 0.02


def start_demo(directory: Path, port: int | None = None) -> BrokerProcess:
    """Start noida-db with its data in ``directory``.

    Raises:
        ColdwireError: its program is not installed.
    """
    # The program itself: the launcher on the PATH would not pass on the signal that ends it.
    package = find_spec("noida_db")
    program = Path(package.origin).with_name("noida-db") if package and package.origin else None
    if program is None or not program.is_file():
        raise ColdwireError("noida-db is not installed", "run `make install`")
    marker = directory / "clean-stop"
    data = directory / "demo"
    if data.exists() and not marker.exists():
        generation = sum(1 for _ in directory.glob("demo-lost-*"))
        data.rename(directory / f"demo-lost-{generation}")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    chosen = port or free_ports(1)[0]
    command = [str(program), "start", "--only", "kafka", "--kafka-port", str(chosen)]
    child = spawn([*command, "--data-dir", str(data)], directory / "broker.log")
    return BrokerProcess("demo", f"127.0.0.1:{chosen}", child, clean_stop=marker)


def wait_between_empty_answers() -> None:
    """Make consumers of this process wait where the demo broker does not.

    It answers a fetch at once even if there is nothing, instead of holding it for
    ``fetch_max_wait_ms``: each consumer would ask on and on and keep a core busy.
    """
    ask = Fetcher._proc_fetch_request

    async def ask_and_wait(fetcher: Fetcher, *request: Any) -> Any:
        asked = time.monotonic()
        found = await ask(fetcher, *request)
        if not found:
            # The fetcher cancels its requests when it closes and expects them to return.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(asked + _EMPTY_ANSWER_S - time.monotonic())
        return found

    Fetcher._proc_fetch_request = ask_and_wait
