"""Starts one process of each worker, waits until each is ready, restarts what crashes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from agents.__main__ import WORKERS
from pipeline.errors import ColdwireError

log = structlog.get_logger()

_READY_PATIENCE_S = 120.0
_STOP_PATIENCE_S = 40.0
_END_PATIENCE_S = 5.0
_MENDABLE = 2
_CRASHES_ALLOWED = 5
_CRASH_WINDOW_S = 60.0


@dataclass
class _Child:
    name: str
    process: Process | None = None
    crashes: deque[float] = field(default_factory=lambda: deque(maxlen=_CRASHES_ALLOWED))


class Supervisor:
    """Keeps workers running; when it dies, however, they end by themselves.

    Args:
        environment: variables of the children, beside those of this process.
        logs: folder that receives ``<worker>.log``.
        workers: names of the workers, upstream first.
    """

    def __init__(
        self, environment: Mapping[str, str], logs: Path, workers: Sequence[str] = WORKERS
    ) -> None:
        self._environment = dict(os.environ) | dict(environment)
        self._logs = logs
        self._children = [_Child(name) for name in workers]
        self._lifeline = os.pipe()
        self._stopping = False
        self._watchers: list[asyncio.Task[None]] = []
        self.failed: asyncio.Future[ColdwireError] | None = None

    async def start(self) -> None:
        """Start all workers side by side and return when each takes records.

        Raises:
            ColdwireError: one of them ended before, or took too long.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        self.failed = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._spawn(child)) for child in self._children]
        problems = [error for error in (task.result() for task in tasks) if error is not None]
        if problems:
            raise problems[0]
        self._watchers = [asyncio.create_task(self._watch(child)) for child in self._children]

    def process_id(self, name: str) -> int:
        """Process id of a running worker."""
        [child] = [each for each in self._children if each.name == name]
        assert child.process is not None
        return child.process.pid

    async def _spawn(self, child: _Child) -> ColdwireError | None:
        ready_end, ready_pipe = os.pipe()
        environment = self._environment | {
            "COLDWIRE_READY_FD": str(ready_pipe),
            "COLDWIRE_LIFELINE_FD": str(self._lifeline[0]),
        }
        with (self._logs / f"{child.name}.log").open("ab") as out:
            child.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "agents",
                child.name,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                pass_fds=(ready_pipe, self._lifeline[0]),
                start_new_session=True,
            )
        os.close(ready_pipe)
        with os.fdopen(ready_end, "rb") as pipe:
            try:
                said = await asyncio.wait_for(asyncio.to_thread(pipe.read, 6), _READY_PATIENCE_S)
            except TimeoutError:
                return ColdwireError(f"{child.name} was not ready in time", self._see_log(child))
        if said == b"ready\n":
            return None
        # A killed process closes its pipe a moment before its end is known here.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.process.wait(), _END_PATIENCE_S)
        return ColdwireError(f"{child.name} did not start: {self._last_words(child)}", "see above")

    async def _watch(self, child: _Child) -> None:
        while True:
            assert child.process is not None
            status = await child.process.wait()
            if self._stopping:
                return
            now = time.monotonic()
            often = (
                len(child.crashes) == _CRASHES_ALLOWED and now - child.crashes[0] < _CRASH_WINDOW_S
            )
            child.crashes.append(now)
            if status == _MENDABLE or often:
                self._give_up(child)
                return
            log.warning("worker ended and is started again", worker=child.name, status=status)
            if await self._spawn(child) is not None and child.process.returncode is None:
                self._give_up(child)
                return

    def _give_up(self, child: _Child) -> None:
        if self.failed is not None and not self.failed.done():
            self.failed.set_result(
                ColdwireError(
                    f"{child.name} keeps ending: {self._last_words(child)}", self._see_log(child)
                )
            )

    def _see_log(self, child: _Child) -> str:
        return f"see {self._logs / child.name}.log"

    def _last_words(self, child: _Child) -> str:
        lines = (self._logs / f"{child.name}.log").read_text(errors="replace").splitlines()
        spoken = [line for line in lines if line.strip()]
        return _gist(spoken[-1]) if spoken else "it said nothing"

    async def stop(self) -> None:
        """Stop upstream first, so that everything taken in comes out at the other end."""
        self._stopping = True
        for child in self._children:
            process = child.process
            if process is None or process.returncode is not None:
                continue
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_PATIENCE_S)
            except TimeoutError:
                log.error("worker did not stop in time and was killed", worker=child.name)
                process.kill()
                await process.wait()
        for watcher in self._watchers:
            watcher.cancel()
        for end in self._lifeline:
            os.close(end)
        self._lifeline = (-1, -1)


def _gist(line: str) -> str:
    """The event of a log line, with the last line of its exception."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line[-300:]
    exception = str(entry.get("exception", "")).strip().splitlines()
    parts = [entry.get("event"), entry.get("fix"), exception[-1] if exception else None]
    return ": ".join(str(part) for part in parts if part)
