"""The graph of payments: one edge a (debtor, creditor) pair, parties and participants.

The truth is a NetworkX ``DiGraph`` whose nodes are small integers. An edge carries
``weight``, the forward-decayed dollars that its debtor itself paid its creditor, and
``settled``, those that the two settled as agents (for others or for themselves). Parties
have the first only, participants both: two levels in one graph. Beside it lie rows of
arrays with the same ``weight`` for the spread's hot loop; both change in one method.

Forward decay (Cormode et al. 2009): a payment weighs amount * exp(rate * (t - landmark)),
so older edges need no touch; the landmark moves, and all weights with it, before the
exponent grows large.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import networkx as nx

from pipeline.contagion.adjacency import Adjacency
from pipeline.contagion.link import Link, RecentPayment
from pipeline.contagion.settings import DAY_MS, MAX_EXPONENT, ContagionSettings

_DUST = 1e-9
"""Share of a link's weight below which what is left after a return is rounding."""


class Change(NamedTuple):
    """Totals of the debtor's and the creditor's weighted rows before a payment, and its weight."""

    debtor_before: float
    creditor_before: float
    added: float


class PaymentGraph:
    """Single-writer graph; all times are event times in UTC milliseconds."""

    def __init__(self, settings: ContagionSettings) -> None:
        self._rate = settings.decay_per_ms
        self._horizon_days = settings.horizon_days
        self.network: nx.DiGraph[int] = nx.DiGraph()
        self.names: list[str] = []
        self.index: dict[str, int] = {}
        self.outgoing = Adjacency()
        self.incoming = Adjacency()
        self.landmark_ms = 0
        self.clock_ms = 0
        self.own_total = 0.0
        self.settled_total = 0.0
        self.settled_by: list[float] = []
        self.wheel: dict[int, dict[tuple[int, int], None]] = {}

    def node(self, entity: str) -> int:
        """Index of an entity; a new one is added."""
        at = self.index.get(entity)
        if at is None:
            at = len(self.names)
            self.index[entity] = at
            self.names.append(entity)
            self.network.add_node(at, entity=entity)
            self.outgoing.add_node()
            self.incoming.add_node()
            self.settled_by.append(0.0)
        return at

    def link(self, debtor: int, creditor: int) -> Link | None:
        """The link from debtor to creditor, if there is one."""
        if not self.network.has_edge(debtor, creditor):
            return None
        link: Link = self.network[debtor][creditor]["link"]
        return link

    def knows(self, debtor: int, creditor: int, uetr: str) -> bool:
        """Tell whether the link has carried that payment already."""
        link = self.link(debtor, creditor)
        return link is not None and link.knows(uetr)

    def is_stale(self, event_ms: int) -> bool:
        """Tell whether a payment is too old for a link of its own."""
        return self._bucket(event_ms) < self._bucket(self.clock_ms) - self._horizon_days

    def weight_now(self, weight: float) -> float:
        """A forward-decayed weight as dollars at the clock."""
        return weight * math.exp(-self._rate * (self.clock_ms - self.landmark_ms))

    def advance(self, event_ms: int) -> Iterator[tuple[int, int]]:
        """Move the clock forward; drop links past the horizon and move the landmark.

        Yields:
            The ends of each weighted edge after it went. The caller must exhaust the
            iterator.
        """
        if self.clock_ms == 0:
            self.clock_ms = self.landmark_ms = event_ms
            return
        if event_ms <= self.clock_ms:
            return
        oldest = self._bucket(event_ms) - self._horizon_days
        passed = self._bucket(event_ms) != self._bucket(self.clock_ms)
        self.clock_ms = event_ms
        if passed:
            for bucket in sorted(b for b in self.wheel if b < oldest):
                for debtor, creditor in self.wheel.pop(bucket):
                    if self._drop(debtor, creditor):
                        yield debtor, creditor
        if self._rate * (event_ms - self.landmark_ms) > MAX_EXPONENT:
            self._move_landmark()

    def pay(
        self, debtor: int, creditor: int, amount: float, event_ms: int, uetr: str, *, own: bool
    ) -> Change | None:
        """Record a payment on a link.

        Args:
            own: whether the two are the parties themselves; otherwise (or on a second
                call for the same payment) they are the agents that settle it.

        Returns:
            The change of the weighted rows; None when ``own`` is false.

        Raises:
            ValueError: the amount is not a positive number, or the ends are the same.
        """
        if debtor == creditor:
            raise ValueError("a payment to oneself is no link")
        if not (amount > 0 and math.isfinite(amount)):
            raise ValueError("an amount must be positive and finite")
        added = amount * math.exp(self._rate * (event_ms - self.landmark_ms))
        data = self.network.get_edge_data(debtor, creditor)
        link: Link = Link() if data is None else data["link"]
        if not link.knows(uetr):
            self._turn_wheel(debtor, creditor, link, event_ms)
            link.remember(uetr, amount, event_ms)
        weight = 0.0 if data is None else data["weight"]
        settled = 0.0 if data is None else data["settled"]
        if not own:
            self.network.add_edge(
                debtor, creditor, weight=weight, settled=settled + added, link=link
            )
            self.settled_total += added
            self.settled_by[debtor] += added
            self.settled_by[creditor] += added
            return None
        debtor_before = float(self.outgoing.totals[debtor])
        creditor_before = float(self.incoming.totals[creditor])
        self._add_weight(debtor, creditor, link, weight + added, added)
        self.network.add_edge(debtor, creditor, weight=weight + added, settled=settled, link=link)
        self.own_total += added
        return Change(debtor_before, creditor_before, added)

    def give_back(
        self, debtor: int, creditor: int, paid: RecentPayment, amount: float, uetr: str
    ) -> bool:
        """Take the money of a payment off its link, since it came back.

        Only the parties' own weight goes: between their agents both payments settled.

        Args:
            debtor: of the payment, who has the money again.
            creditor: of the payment.
            paid: the payment.
            amount: what came back of it.
            uetr: of the return.

        Returns:
            Whether the weighted rows changed; they do not for a payment that is unknown.
        """
        link = self.link(debtor, creditor)
        if link is None or link.debtor_at < 0 or not link.knows(paid.uetr):
            return False
        data = self.network[debtor][creditor]
        before: float = data["weight"]
        left = before - amount * math.exp(self._rate * (paid.event_ms - self.landmark_ms))
        if data["settled"] == 0.0:
            link.forget(paid, amount)
        link.recognise(uetr)
        if left <= _DUST * before or not link.count:
            left = 0.0
            self._unweigh(debtor, creditor, link)
        else:
            self.outgoing.set(debtor, link.debtor_at, left)
            self.incoming.set(creditor, link.creditor_at, left)
        self.network.add_edge(debtor, creditor, weight=left)
        self.own_total = max(0.0, self.own_total - (before - left))
        return True

    def dollars(self, node: int) -> float:
        """Decayed dollars that a node moved, by its own account."""
        if self.settled_by[node] > 0:
            return self.weight_now(float(self.settled_by[node]))
        own = float(self.outgoing.totals[node] + self.incoming.totals[node])
        return self.weight_now(own)

    def impact(self, node: int) -> float:
        """Share of the system's decayed dollars that a node sends or receives, in [0, 1].

        Participants are measured by what they settle, parties by what they pay and get.
        """
        if self.settled_by[node] > 0:
            return min(1.0, self.settled_by[node] / self.settled_total)
        if self.own_total <= 0:
            return 0.0
        own = float(self.outgoing.totals[node] + self.incoming.totals[node])
        return min(1.0, own / self.own_total)

    def _bucket(self, event_ms: int) -> int:
        return event_ms // DAY_MS

    def _turn_wheel(self, debtor: int, creditor: int, link: Link, event_ms: int) -> None:
        bucket = self._bucket(event_ms)
        if link.keys:
            before = self._bucket(link.last_ms)
            if bucket <= before:
                return
            del self.wheel[before][(debtor, creditor)]
        self.wheel.setdefault(bucket, {})[(debtor, creditor)] = None

    def _add_weight(
        self, debtor: int, creditor: int, link: Link, weight: float, added: float
    ) -> None:
        if link.debtor_at < 0:
            link.debtor_at = self.outgoing.append(debtor, creditor, weight)
            link.creditor_at = self.incoming.append(creditor, debtor, weight)
        else:
            self.outgoing.increase(debtor, link.debtor_at, weight, added)
            self.incoming.increase(creditor, link.creditor_at, weight, added)

    def _drop(self, debtor: int, creditor: int) -> bool:
        """Remove an edge; true if it was in the weighted rows."""
        data = self.network[debtor][creditor]
        link: Link = data["link"]
        weight, settled = data["weight"], data["settled"]
        self.network.remove_edge(debtor, creditor)
        self.settled_total = max(0.0, self.settled_total - settled)
        for node in (debtor, creditor):
            self.settled_by[node] = max(0.0, self.settled_by[node] - settled)
        if link.debtor_at < 0:
            return False
        self.own_total = max(0.0, self.own_total - weight)
        self._unweigh(debtor, creditor, link)
        return True

    def _unweigh(self, debtor: int, creditor: int, link: Link) -> None:
        """Take a link out of the weighted rows."""
        moved = self.outgoing.remove(debtor, link.debtor_at)
        if moved >= 0:
            self.network[debtor][moved]["link"].debtor_at = link.debtor_at
        moved = self.incoming.remove(creditor, link.creditor_at)
        if moved >= 0:
            self.network[moved][creditor]["link"].creditor_at = link.creditor_at
        link.debtor_at = link.creditor_at = -1

    def _move_landmark(self) -> None:
        factor = math.exp(-self._rate * (self.clock_ms - self.landmark_ms))
        self.landmark_ms = self.clock_ms
        for debtor, creditor, data in list(self.network.edges(data=True)):
            self.network.add_edge(
                debtor,
                creditor,
                weight=data["weight"] * factor,
                settled=data["settled"] * factor,
            )
        self.outgoing.rescale(factor)
        self.incoming.rescale(factor)
        self.own_total *= factor
        self.settled_total *= factor
        self.settled_by = [value * factor for value in self.settled_by]
