"""Orders to a running worker; they act only through a record in its own log."""

from __future__ import annotations

from typing import Literal

from schemas.wire import Wire


class Control(Wire):
    """Ask a worker to report where it stands (its answer goes to its log)."""

    schema_version: Literal[1] = 1
    command: Literal["report"]
