"""Liquidity contagion in a real-time gross settlement system, from payment flows alone.

A bank sends a payment if its balance and daylight credit cover it, and queues it first in,
first out if not; what it receives releases its queue. A stricken bank receives and does
not send: it becomes a sink, and those that count on its money queue in their turn.

Assumed, since payments do not tell it: banks open at 0 and may overdraw up to a cap that
is their largest overdraft in the undisturbed day, times a headroom. So the undisturbed
day settles at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contagion.recorded import SettlementDay

Cents = npt.NDArray[np.int64]
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Disruption:
    """What is changed in a day, from ``at_ms`` until ``until_ms`` (None: for good).

    Exactly one of: ``bank`` does not send (or, with ``delay_ms``, sends so much later), or
    payments between the two of ``pair`` are held.
    """

    at_ms: int
    until_ms: int | None = None
    bank: int | None = None
    delay_ms: int | None = None
    pair: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if (self.bank is None) == (self.pair is None):
            raise ValueError("a disruption is of a bank or of a pair")
        if self.delay_ms is not None and (self.bank is None or self.delay_ms <= 0):
            raise ValueError("a delay is a positive time and of a bank")
        if self.until_ms is not None and self.until_ms <= self.at_ms:
            raise ValueError("a disruption ends after it begins")

    def covers(self, event_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which times lie in the disruption."""
        begun: npt.NDArray[np.bool_] = event_ms >= self.at_ms
        return begun if self.until_ms is None else begun & (event_ms < self.until_ms)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a day settled.

    ``settled_ms`` [N] is -1 for payments that never settled. ``capped_ms`` [banks] is the
    first time a bank had to queue for want of cover, -1 for never. ``balance`` [banks] is
    the closing balance in cents.
    """

    settled_ms: npt.NDArray[np.int64]
    capped_ms: npt.NDArray[np.int64]
    balance: Cents


def overdraft_caps(day: SettlementDay, headroom: float) -> Cents:
    """Caps [banks] in cents: the undisturbed day's largest overdraft times ``headroom``.

    Raises:
        ValueError: a headroom below 1, with which the undisturbed day would not settle.
    """
    if not headroom >= 1:
        raise ValueError("headroom must be at least 1")
    balance = [0] * len(day.banks)
    lowest = [0] * len(day.banks)
    for debtor, creditor, cents in zip(
        day.debtor.tolist(), day.creditor.tolist(), day.cents.tolist(), strict=True
    ):
        balance[debtor] -= cents
        balance[creditor] += cents
        lowest[debtor] = min(lowest[debtor], balance[debtor])
    return np.ceil(-np.array(lowest, np.float64) * headroom).astype(np.int64)


def settle(day: SettlementDay, caps: Cents, disruption: Disruption | None = None) -> Outcome:
    """Settle a day under caps, disturbed or not."""
    ready = _ready(day, disruption)
    order = np.argsort(ready, kind="stable")
    rows = order[ready[order] >= 0].tolist()
    run = _Run(day, caps, disruption)
    at = ready.tolist()
    for row in rows:
        run.recover_by(at[row])
        run.submit(row, at[row])
    if disruption is not None and disruption.until_ms is not None:
        run.recover_by(disruption.until_ms)
    return Outcome(
        np.array(run.settled_ms, np.int64),
        np.array(run.capped_ms, np.int64),
        np.array(run.room, np.int64) - caps,
    )


def _ready(day: SettlementDay, disruption: Disruption | None) -> npt.NDArray[np.int64]:
    """When each payment reaches the queue [N]; -1 for never. A silent bank's own wait there."""
    ready = day.event_ms.copy()
    if disruption is None:
        return ready
    within = disruption.covers(day.event_ms)
    if disruption.pair is not None:
        one, other = disruption.pair
        between = (day.debtor == one) & (day.creditor == other)
        between |= (day.debtor == other) & (day.creditor == one)
        ready[within & between] = -1 if disruption.until_ms is None else disruption.until_ms
    elif disruption.delay_ms is not None:
        ready[within & (day.debtor == disruption.bank)] += disruption.delay_ms
    return ready


class _Run:
    """Balances and queues while a day settles."""

    def __init__(self, day: SettlementDay, caps: Cents, disruption: Disruption | None) -> None:
        self.room: list[int] = caps.tolist()
        self.settled_ms = [-1] * len(day.event_ms)
        self.capped_ms = [-1] * len(day.banks)
        self._debtor, self._creditor = day.debtor.tolist(), day.creditor.tolist()
        self._cents = day.cents.tolist()
        self._queues: list[deque[int]] = [deque() for _ in day.banks]
        silent = disruption is not None and disruption.delay_ms is None
        self._silent = disruption.bank if disruption is not None and silent else None
        self._from = disruption.at_ms if disruption is not None else 0
        self._until = disruption.until_ms if disruption is not None else None

    def submit(self, row: int, now: int) -> None:
        """Send a payment or queue it."""
        bank = self._debtor[row]
        queue = self._queues[bank]
        queue.append(row)
        if len(queue) == 1:
            self._release(bank, now)
        elif self.capped_ms[bank] < 0 and not self._is_silent(bank, now):
            self.capped_ms[bank] = now

    def recover_by(self, now: int) -> None:
        """Let the silent bank speak again, once, when its time has come."""
        if self._silent is not None and self._until is not None and now >= self._until:
            bank, self._silent = self._silent, None
            self._release(bank, self._until)

    def _is_silent(self, bank: int, now: int) -> bool:
        return bank == self._silent and now >= self._from

    def _release(self, bank: int, now: int) -> None:
        """Send what a bank can, and what its receivers can then."""
        waiting = deque([bank])
        while waiting:
            sender = waiting.popleft()
            queue = self._queues[sender]
            if self._is_silent(sender, now):
                continue
            while queue and self._cents[queue[0]] <= self.room[sender]:
                row = queue.popleft()
                self.room[sender] -= self._cents[row]
                self.room[self._creditor[row]] += self._cents[row]
                self.settled_ms[row] = now
                if self._queues[self._creditor[row]]:
                    waiting.append(self._creditor[row])
            if queue and self.capped_ms[sender] < 0:
                self.capped_ms[sender] = now


def minutes(day: SettlementDay) -> npt.NDArray[np.int64]:
    """Ends of the minutes from the first payment to an hour after the last [T]."""
    first = int(day.event_ms.min()) // _MINUTE_MS
    last = int(day.event_ms.max()) // _MINUTE_MS + 60
    return np.arange(first + 1, last + 2, dtype=np.int64) * _MINUTE_MS


def settled_value(day: SettlementDay, outcome: Outcome, grid: npt.NDArray[np.int64]) -> Cents:
    """Throughput: cents settled by each time of the grid [T]."""
    done = outcome.settled_ms >= 0
    return _cumulative(outcome.settled_ms[done], day.cents[done], grid)


def queued_value(day: SettlementDay, outcome: Outcome, grid: npt.NDArray[np.int64]) -> Cents:
    """Cents that are due and not settled at each time of the grid [T]."""
    due: Cents = _cumulative(day.event_ms, day.cents, grid)
    return due - settled_value(day, outcome, grid)


def balance_of(
    day: SettlementDay, outcome: Outcome, bank: int, grid: npt.NDArray[np.int64]
) -> Cents:
    """A bank's balance in cents at each time of the grid [T]."""
    done = outcome.settled_ms >= 0
    came, went = done & (day.creditor == bank), done & (day.debtor == bank)
    inflow = _cumulative(outcome.settled_ms[came], day.cents[came], grid)
    outflow = _cumulative(outcome.settled_ms[went], day.cents[went], grid)
    return inflow - outflow


def _cumulative(at: npt.NDArray[np.int64], cents: Cents, grid: npt.NDArray[np.int64]) -> Cents:
    order = np.argsort(at, kind="stable")
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(cents[order])])
    return sums[np.searchsorted(at[order], grid, side="right")]
