"""Sends payments into ``payments``, and verdicts on them, on one absolute schedule.

A late send does not shift the later ones, so that latency is counted from the time at
which a payment was meant to arrive, and the slip is reported.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

from agents.connection import Connection
from schemas.payment import Payment
from schemas.records import Disposition
from schemas.topics import DISPOSITIONS, PAYMENTS

_CHUNK = 64

Event = Payment | Disposition


def merged(
    payments: Iterable[Payment], dispositions: Iterable[Disposition], *, to_the_end: bool
) -> Iterator[Event]:
    """Payments and verdicts by event time; verdicts from before the first payment are left out.

    Args:
        payments: in their order, which stays as it is.
        dispositions: in any order.
        to_the_end: whether the verdicts after the last payment belong to the replay too.
    """
    waiting = deque(sorted(dispositions, key=lambda d: (d.decided_at, d.alert_id)))
    begun = False
    for payment in payments:
        while waiting and waiting[0].decided_at <= payment.created_at:
            disposition = waiting.popleft()
            if begun:
                yield disposition
        begun = True
        yield payment
    if to_the_end and begun:
        yield from waiting


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to send: at a rate, at a multiple of the original gaps, or unthrottled."""

    rate: float | None = None
    speed: float | None = None

    def due(self, number: int, event_s: float) -> float:
        """Seconds after the start at which a payment is due.

        Args:
            number: payments before it; a verdict is due with the payment that follows it.
            event_s: its event time after that of the first payment, in seconds.
        """
        if self.rate is not None:
            return number / self.rate
        if self.speed is not None:
            return event_s / self.speed
        return 0.0


@dataclass
class Sent:
    """What a replay did.

    Attributes:
        slip_s: the latest a send was behind its schedule.
    """

    payments: int = 0
    dispositions: int = 0
    slip_s: float = 0.0
    took_s: float = 0.0


class Replay:
    """Sends payments, and verdicts among them, to the broker.

    Args:
        connection: to the broker.
        pace: of the schedule.
        on_due: called with each payment and the epoch time, in seconds, when it was due.
        producers: clients that send side by side; payments of one bank stay with one of them,
            so that their order is kept.
    """

    def __init__(
        self,
        connection: Connection,
        pace: Pace,
        on_due: Callable[[Payment, float], None] | None = None,
        producers: int = 1,
    ) -> None:
        self._producers = [connection.producer() for _ in range(producers)]
        self._pace = pace
        self._on_due = on_due
        self._stopped = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self.sent = Sent()

    @property
    def paused(self) -> bool:
        """Whether nothing is sent until :meth:`resume`."""
        return not self._running.is_set()

    def pause(self) -> None:
        """Hold back the next payment and with it the whole schedule."""
        self._running.clear()

    def resume(self) -> None:
        """Go on; the schedule moves by the length of the pause."""
        self._running.set()

    def stop(self) -> None:
        """End before the next payment; what was sent is still acknowledged."""
        self._stopped.set()
        self._running.set()

    async def run(
        self,
        events: Iterator[Payment] | Iterator[Event],
        *,
        for_s: float | None = None,
        encode: Callable[[Payment], bytes] = Payment.to_bytes,
    ) -> Sent:
        """Send until the events, the time or the patience of the caller end.

        Args:
            events: payments, or what :func:`merged` gives.
            for_s: seconds of the schedule after which it ends.
            encode: bytes of a payment.

        Raises:
            aiokafka.errors.KafkaError: an event was not acknowledged.
        """
        await asyncio.gather(*(producer.start() for producer in self._producers))
        begun = start = time.monotonic()
        epoch = time.time()
        first: float | None = None
        futures: set[asyncio.Future[object]] = set()
        try:
            async for event in _ahead(events):
                event_s = _event_s(event)
                first = event_s if first is None else first
                due = self._pace.due(self.sent.payments, event_s - first)
                if self.paused:
                    since = time.monotonic()
                    await self._running.wait()
                    start, epoch = (t + time.monotonic() - since for t in (start, epoch))
                if self._stopped.is_set() or (for_s is not None and due >= for_s):
                    break
                if self._on_due is not None and isinstance(event, Payment):
                    self._on_due(event, epoch + due)
                await self._wait_for(start + due)
                late = time.monotonic() - start - due
                if self._pace != Pace():
                    self.sent.slip_s = max(self.sent.slip_s, late)
                future = await self._send(event, encode)
                futures.add(future)
                future.add_done_callback(futures.discard)
            await asyncio.gather(*futures)
        finally:
            await asyncio.gather(*(producer.stop() for producer in self._producers))
            self.sent.took_s = time.monotonic() - begun
        return self.sent

    async def _send(
        self, event: Event, encode: Callable[[Payment], bytes]
    ) -> asyncio.Future[object]:
        """Hand an event to the producer of its key."""
        if isinstance(event, Payment):
            topic, value = PAYMENTS.name, encode(event)
            key = event.debtor_agent.routing_number.encode()
            self.sent.payments += 1
        else:
            topic, value, key = DISPOSITIONS.name, event.to_bytes(), event.entity.encode()
            self.sent.dispositions += 1
        producer = self._producers[crc32(key) % len(self._producers)]
        future: asyncio.Future[object] = await producer.send(topic, value, key=key)
        return future

    async def _wait_for(self, when: float) -> None:
        pause = when - time.monotonic()
        if pause > 0:
            try:
                await asyncio.wait_for(self._stopped.wait(), pause)
            except TimeoutError:
                return


def _event_s(event: Event) -> float:
    at = event.created_at if isinstance(event, Payment) else event.decided_at
    return at.timestamp()


async def _ahead(events: Iterator[Payment] | Iterator[Event]) -> AsyncIterator[Event]:
    """Draw events in a thread, a chunk ahead, so that making them delays no send."""

    def chunk() -> list[Event]:
        return list(islice(events, _CHUNK))

    upcoming = asyncio.create_task(asyncio.to_thread(chunk))
    try:
        while True:
            made = await upcoming
            if not made:
                return
            upcoming = asyncio.create_task(asyncio.to_thread(chunk))
            for event in made:
                yield event
    finally:
        upcoming.cancel()
