"""A link: what an edge of the payment graph remembers of its payments, undecayed."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

RECENT = 8
"""Payments of a link kept for drill-down."""
REMEMBERED = 128
"""Payments of a link, and returns of those, recognised when they come again."""
_KEY_MASK = (1 << 64) - 1


class RecentPayment(NamedTuple):
    """A payment as a link remembers it."""

    uetr: str
    amount: float
    event_ms: int


@dataclass(slots=True)
class Link:
    """Undecayed memory of an edge, and its places in the arrays (-1: not there)."""

    count: int = 0
    amount: float = 0.0
    first_ms: int = 0
    last_ms: int = 0
    debtor_at: int = -1
    creditor_at: int = -1
    recent: deque[RecentPayment] = field(default_factory=lambda: deque(maxlen=RECENT))
    keys: array[int] = field(default_factory=lambda: array("Q"))

    def remember(self, uetr: str, amount: float, event_ms: int) -> None:
        """Count a payment and keep it for drill-down and for recognising it."""
        self.first_ms = min(self.first_ms, event_ms) if self.keys else event_ms
        self.last_ms = max(self.last_ms, event_ms) if self.keys else event_ms
        self.count += 1
        self.amount += amount
        self.recent.append(RecentPayment(uetr, amount, event_ms))
        self.recognise(uetr)

    def forget(self, paid: RecentPayment, amount: float) -> None:
        """Take back what came back of a payment; the last one kept for drill-down stays."""
        whole = amount >= paid.amount
        self.count -= whole
        self.amount = max(0.0, self.amount - amount)
        if paid in self.recent and len(self.recent) > 1:
            self.recent.remove(paid)
            if not whole:
                self.recent.append(paid._replace(amount=paid.amount - amount))

    def knows(self, uetr: str) -> bool:
        """Tell whether it has carried that payment, or the return of one, already."""
        return _key(uetr) in self.keys

    def recognise(self, uetr: str) -> None:
        """Keep what is needed to tell when a payment, or the return of one, comes again."""
        self.keys.append(_key(uetr))
        if len(self.keys) > REMEMBERED:
            del self.keys[0]


def _key(uetr: str) -> int:
    """Last 64 bits of a UETR."""
    return int(uetr.replace("-", ""), 16) & _KEY_MASK
