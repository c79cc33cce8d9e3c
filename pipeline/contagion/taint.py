"""Taint: how much of an entity's money came from flagged ones, payment by payment.

Haircut mixes an entity's money evenly; FIFO lets the oldest funds leave first (Clayton's
case, 1816), LIFO the newest; poison taints all money that meets tainted money. The first
three conserve taint. Poison floods a dense graph and is here to be compared with only.
Money spent beyond what an entity was seen to hold is clean funds of its own. Taint is
followed for ``max_hops`` payments and is clean after that.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lot:
    """Money that arrived together; ``hops`` since the flagged entity, -1 when clean."""

    amount: float
    hops: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment for a ledger."""

    debtor: str
    creditor: str
    amount: float
    event_ms: int


class HaircutLedger:
    """Every dollar that leaves carries the same share of taint."""

    def __init__(self, max_hops: int) -> None:
        self._max_hops = max_hops
        self._balance: dict[str, float] = defaultdict(float)
        self._dirty: dict[str, list[float]] = defaultdict(lambda: [0.0] * (max_hops + 1))

    def hold(self, entity: str, amount: float, hops: int = -1) -> None:
        """Give an entity money that is ``hops`` from a flagged one, or clean (-1)."""
        self._balance[entity] += amount
        if hops >= 0:
            self._dirty[entity][hops] += amount

    def pay(self, debtor: str, creditor: str, amount: float) -> None:
        """Move money with its taint."""
        held = max(self._balance[debtor], amount)
        self._balance[debtor] = held - amount
        self._balance[creditor] += amount
        dirty, reached = self._dirty[debtor], self._dirty[creditor]
        moved = [tainted * amount / held for tainted in dirty]
        for hops, part in enumerate(moved):
            dirty[hops] -= part
            if hops < self._max_hops:
                reached[hops + 1] += part

    def dirty(self, entity: str) -> float:
        """Tainted money that an entity holds."""
        return sum(self._dirty[entity])


class OrderedLedger:
    """FIFO, or LIFO with ``newest_first``."""

    def __init__(self, max_hops: int, *, newest_first: bool = False) -> None:
        self._max_hops = max_hops
        self._newest_first = newest_first
        self._lots: dict[str, deque[Lot]] = defaultdict(deque)

    def hold(self, entity: str, amount: float, hops: int = -1) -> None:
        """Give an entity money that is ``hops`` from a flagged one, or clean (-1)."""
        self._lots[entity].append(Lot(amount, hops))

    def pay(self, debtor: str, creditor: str, amount: float) -> None:
        """Move lots, oldest (or newest) first; the last one is split."""
        lots, reached = self._lots[debtor], self._lots[creditor]
        while amount > 0 and lots:
            lot = lots.pop() if self._newest_first else lots.popleft()
            part = min(amount, lot.amount)
            amount -= part
            clean = lot.hops < 0 or lot.hops >= self._max_hops
            reached.append(Lot(part, -1 if clean else lot.hops + 1))
            if part < lot.amount:
                rest = Lot(lot.amount - part, lot.hops)
                if self._newest_first:
                    lots.append(rest)
                else:
                    lots.appendleft(rest)
        if amount > 0:
            reached.append(Lot(amount, -1))

    def dirty(self, entity: str) -> float:
        """Tainted money that an entity holds."""
        return sum(lot.amount for lot in self._lots[entity] if lot.hops >= 0)


class PoisonLedger:
    """Any taint taints all; for comparison, never for alerts."""

    def __init__(self) -> None:
        self._balance: dict[str, float] = defaultdict(float)
        self._poisoned: dict[str, bool] = defaultdict(bool)

    def hold(self, entity: str, amount: float, hops: int = -1) -> None:
        """Give an entity tainted (``hops`` >= 0) or clean money."""
        self._balance[entity] += amount
        self._poisoned[entity] |= hops >= 0

    def pay(self, debtor: str, creditor: str, amount: float) -> None:
        """Move money; a poisoned debtor poisons the creditor."""
        self._balance[debtor] = max(0.0, self._balance[debtor] - amount)
        self._balance[creditor] += amount
        self._poisoned[creditor] |= self._poisoned[debtor]

    def dirty(self, entity: str) -> float:
        """All that a poisoned entity holds."""
        return self._balance[entity] if self._poisoned[entity] else 0.0


@dataclass(frozen=True, slots=True)
class ReceivedTaint:
    """Tainted dollars that an entity has received, by rule."""

    fifo: float
    haircut: float


def received_taint(
    transfers: Iterable[Transfer], seeds: frozenset[str], entity: str, max_hops: int
) -> ReceivedTaint:
    """Replay payments in time order; what flagged entities pay is tainted.

    Args:
        transfers: payments, in any order; ties keep theirs.
        seeds: flagged entities. The entity asked for is followed even if flagged.
        entity: whose receipts are measured; what it pays on does not count against it.
    """
    fifo = OrderedLedger(max_hops)
    haircut = HaircutLedger(max_hops)
    for transfer in sorted(transfers, key=lambda t: t.event_ms):
        if transfer.debtor == entity:
            continue
        for ledger in (fifo, haircut):
            if transfer.debtor in seeds:
                ledger.hold(transfer.creditor, transfer.amount, 1)
            else:
                ledger.pay(transfer.debtor, transfer.creditor, transfer.amount)
    return ReceivedTaint(fifo=fifo.dirty(entity), haircut=haircut.dirty(entity))
