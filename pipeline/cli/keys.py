"""Single keys on a terminal, without Enter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def on_key(key: str, call: Callable[[], None]) -> Iterator[None]:
    """Call a function whenever the key is pressed; without a terminal, never.

    Must be used inside the running event loop. Ctrl-C keeps its meaning.
    """
    if not sys.stdin.isatty():
        yield
        return
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)

    def read() -> None:
        if key in os.read(descriptor, 64).decode(errors="ignore"):
            call()

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
