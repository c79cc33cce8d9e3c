"""Progress bars of long commands."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Bars:
    """One progress bar a stage, on the error stream."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, stage: str, done: int, of: int) -> None:
        """Move the bar of a stage; a stage that comes again starts over."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=of)
        self._progress.update(self._tasks[stage], completed=done, total=of)
