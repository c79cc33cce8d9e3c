"""What is known of every entity, at every ingest worker: a table that follows a topic.

Each profile worker tells the standings of its own entities; an ingest worker reads them all,
since a payment may go to anybody. What it finds it writes into the observation, so that a
profile's state stays a function of its one log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agents.batch import Record
from agents.connection import Connection
from agents.tail import follow, partitions, read_to_end
from schemas.standing import Standing
from schemas.topics import STANDINGS

_PATIENCE_MS = 50


class Standings:
    """The newest standing of every entity.

    Values stay bytes until they are asked for: most entities are not.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._newest: dict[bytes, bytes] = {}
        self._following: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._newest)

    async def start(self) -> None:
        """Read what there is, then follow; returns when what there is has been read."""
        if self._following is not None:
            return
        arriving = follow(
            self._connection, [STANDINGS], from_beginning=False, patience_ms=_PATIENCE_MS
        )
        # Its place is behind the end before the rest is read, so that nothing falls between.
        first = await anext(arriving)
        async for record in read_to_end(self._connection, partitions([STANDINGS])):
            self._take([record])
        self._take(first)

        async def keep_on() -> None:
            async for records in arriving:
                self._take(records)

        self._following = asyncio.create_task(keep_on(), name="standings")

    def of(self, entity: str) -> Standing | None:
        """What is known of an entity now.

        Raises:
            Exception: whatever ended the following; a stale table must not be used.
        """
        if self._following is not None and self._following.done():
            self._following.result()
        known = self._newest.get(entity.encode())
        return None if known is None else Standing.from_bytes(known)

    async def stop(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.key is not None and record.value is not None:
                self._newest[record.key] = record.value
