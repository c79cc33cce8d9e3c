"""Stores what batches left as state, several batches at once.

An offset may be committed when the effects and the state of everything before it are stored.
Offsets are committed a few times a second, so state need not be stored more often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from agents.batch import Batch
from agents.publisher import Outgoing, Publisher

_EVERY_S = 0.15


class Storing:
    """Publishes state in the background and then says of its batches that they are done.

    Args:
        publisher: of the worker.
        failed: called with the error if something could not be stored; nothing is done then.
    """

    def __init__(self, publisher: Publisher, failed: Callable[[Exception], None]) -> None:
        self._publisher = publisher
        self._failed = failed
        self._newest: dict[tuple[str, bytes | None], Outgoing] = {}
        self._batches: list[Batch] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, batch: Batch, state: Sequence[Outgoing]) -> None:
        """Take over the state of a batch whose effects are out; batches come in order."""
        if not state and not self._batches and self._task is None:
            await batch.done()
            return
        # Of a key only the newest state matters.
        self._newest.update(((each.topic, each.key), each) for each in state)
        self._batches.append(batch)
        if self._task is None:
            self._task = asyncio.create_task(self._store())

    async def _store(self) -> None:
        try:
            while self._batches:
                await asyncio.sleep(_EVERY_S)
                newest, batches = self._newest, self._batches
                self._newest, self._batches = {}, []
                await self._publisher.publish(list(newest.values()))
                for batch in batches:
                    await batch.done()
        except Exception as error:  # noqa: BLE001 - the worker must end, and does
            self._failed(error)
        finally:
            self._task = None
