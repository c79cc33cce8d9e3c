"""A batch of fetched records, and which offsets may be committed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiokafka import TopicPartition


class Record(Protocol):
    """What is used of a fetched record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(eq=False)
class Batch:
    """Records fetched at once, in order within each partition."""

    records: list[Record]
    is_done: bool = False
    _when_done: Callable[[], Awaitable[None]] | None = field(default=None, repr=False)
    _computed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def computed(self) -> None:
        """Say that the next batch may be taken: of this one only publishing is left."""
        self._computed.set()

    async def wait_computed(self) -> None:
        """Return once :meth:`computed` was said."""
        await self._computed.wait()

    async def done(self) -> None:
        """Say that every effect of the batch is out; its offsets may be committed."""
        self.is_done = True
        if self._when_done is not None:
            await self._when_done()


class Ledger:
    """Batches that were handed out, oldest first.

    Only the contiguous prefix of batches that are done may be committed: an offset says that
    everything before it is done.
    """

    def __init__(self) -> None:
        self._outstanding: deque[Batch] = deque()
        self._committable: dict[TopicPartition, int] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        """Batches handed out of which an older or the same one is not done."""
        return len(self._outstanding)

    def hand_out(self, batch: Batch) -> None:
        """Note a batch before the agent gets it."""
        self._outstanding.append(batch)
        self._idle.clear()

    def settle(self) -> None:
        """Move the finished prefix to what may be committed."""
        while self._outstanding and self._outstanding[0].is_done:
            for record in self._outstanding.popleft().records:
                part = TopicPartition(record.topic, record.partition)
                self._committable[part] = record.offset + 1
        if not self._outstanding:
            self._idle.set()

    def take(self) -> dict[TopicPartition, int]:
        """Offsets to commit now, by partition; each is given once."""
        offsets, self._committable = self._committable, {}
        return offsets

    async def idle(self) -> None:
        """Return once everything that was handed out is done."""
        await self._idle.wait()
