"""A broker as a child process: started, watched, stopped with its parent."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1


def free_ports(count: int) -> list[int]:
    """Distinct TCP ports of the loopback interface that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _die_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class BrokerProcess:
    """A running broker.

    Attributes:
        kind: "kafka", "demo" or "external", as shown to the user.
        bootstrap_servers: where clients connect.
    """

    kind: str
    bootstrap_servers: str
    process: subprocess.Popen[bytes] | None = None
    clean_stop: Path | None = None
    patience_s: float = 40.0

    def alive(self) -> bool:
        """Tell whether the child still runs (an external broker is taken to)."""
        return self.process is None or self.process.poll() is None

    async def stop(self) -> None:
        """End the child with SIGTERM and wait; SIGKILL only when its patience is over."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, self.patience_s)
        except subprocess.TimeoutExpired:
            log.error("broker did not stop in time and was killed", seconds=self.patience_s)
            self.process.kill()
            self.process.wait()
            return
        if self.clean_stop is not None:
            self.clean_stop.touch()


def spawn(command: list[str], log_file: Path) -> subprocess.Popen[bytes]:
    """Start a broker in a session of its own, so that Ctrl-C reaches only the supervisor."""
    with log_file.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
