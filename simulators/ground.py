"""What behaviours and schemes stand on: network, parties, calendar, and how to find partners."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.calendar import Calendar
from simulators.codes import Kind
from simulators.network import Network
from simulators.parties import FOREVER, Parties

I32 = npt.NDArray[np.int32]
F64 = npt.NDArray[np.float64]

NOBODY: Final = -1
CHAPTER: Final = 60
"""Days after which a world looks anew at who lives; what parties have settled goes on."""
_TRIES: Final = 4


@dataclass(frozen=True)
class _Shelf:
    """Parties of one kind sorted by agent, with the running sum of their activity."""

    party: I32
    first: npt.NDArray[np.int64]
    cumulative: F64

    def mass(self, agent: npt.NDArray[np.integer]) -> tuple[F64, F64]:
        return self.cumulative[self.first[agent]], self.cumulative[self.first[agent + 1]]

    def pick(self, agent: npt.NDArray[np.integer], rng: np.random.Generator) -> I32:
        low, high = self.mass(agent)
        at = np.searchsorted(self.cumulative, low + rng.random(agent.size) * (high - low), "right")
        found = self.party[np.clip(at - 1, 0, max(self.party.size - 1, 0))]
        return np.where(high > low, found, NOBODY).astype(np.int32)


@dataclass(frozen=True)
class Ground:
    """The fixed setting of a world, seen over some days: only who lives then can be found.

    Attributes:
        network: participants and links.
        parties: customers.
        calendar: business days.
        first, last: first and last-plus-one day of the view.
    """

    network: Network
    parties: Parties
    calendar: Calendar
    first: int = 0
    last: int = FOREVER
    _chapters: dict[int, Ground] = field(default_factory=dict, repr=False)
    _living: dict[int, tuple[int, I32]] = field(default_factory=dict, repr=False)
    _cradle: dict[int, I32] = field(default_factory=dict, repr=False)
    _shelves: dict[int, _Shelf] = field(default_factory=dict, repr=False)
    _reach: dict[tuple[str, int, int], tuple[F64, npt.NDArray[np.int64]]] = field(
        default_factory=dict, repr=False
    )

    def on(self, day: int) -> Ground:
        """The view of the chapter of :data:`CHAPTER` days that a day belongs to."""
        number = max(day, 0) // CHAPTER
        if number not in self._chapters:
            for old in [n for n in self._chapters if abs(n - number) > 1]:
                del self._chapters[old]
            self._chapters[number] = replace(
                self,
                first=number * CHAPTER,
                last=(number + 1) * CHAPTER,
                _living={},
                _cradle={},
                _shelves={},
                _reach={},
            )
        return self._chapters[number]

    def living(self, kind: Kind, day: int, until: int) -> I32:
        """Parties of a kind that live from one day to another."""
        if self._living.get(kind, (None,))[0] != day:
            party = self.of_kind(kind)
            lives = (self.parties.birth[party] <= day) & (self.parties.death[party] > until)
            self._living[kind] = (day, party[lives])
        return self._living[kind][1]

    def of_kind(self, kind: Kind) -> I32:
        """Indices of the parties of a kind that live in the view, sorted by agent."""
        return self._shelf(kind).party

    def at_agents(
        self, agent: npt.NDArray[np.integer], kind: Kind, rng: np.random.Generator
    ) -> I32:
        """Draw a customer of each agent by activity, or NOBODY where it has none of the kind."""
        return self._shelf(kind).pick(agent, rng)

    def born(self, kind: Kind, first: int, last: int) -> I32:
        """Parties of a kind that were born between two days, both included."""
        if kind not in self._cradle:
            party = self.of_kind(kind)
            order = np.argsort(self.parties.birth[party], kind="stable")
            self._cradle[kind] = party[order]
        party = self._cradle[kind]
        birth = self.parties.birth[party]
        return party[np.searchsorted(birth, first) : np.searchsorted(birth, last, "right")]

    def living_pairs(
        self, n: int, debtor_kind: Kind, creditor_kind: Kind, day: int, rng: np.random.Generator
    ) -> tuple[I32, I32]:
        """Draw up to ``n`` pairs as :meth:`pairs` does, of parties that live on a day."""
        found: list[tuple[I32, I32]] = []
        missing = n
        for _ in range(_TRIES):
            debtor, creditor = self.pairs(2 * missing, debtor_kind, creditor_kind, rng)
            lives = self.parties.alive(debtor, day) & self.parties.alive(creditor, day)
            found.append((debtor[lives][:missing], creditor[lives][:missing]))
            missing -= found[-1][0].size
            if missing <= 0:
                break
        return np.concatenate([d for d, _ in found]), np.concatenate([c for _, c in found])

    def living_partners(
        self,
        party: I32,
        kind: Kind,
        day: int,
        rng: np.random.Generator,
        *,
        outgoing: bool = True,
    ) -> I32:
        """Draw partners as :meth:`partners` does, that live on a day, or NOBODY."""
        found = np.full(party.size, NOBODY, dtype=np.int32)
        for _ in range(_TRIES):
            open_ = np.flatnonzero(found < 0)
            drawn = self.partners(party[open_], kind, rng, outgoing=outgoing)
            found[open_] = np.where(self.parties.alive(drawn, day), drawn, NOBODY)
        return found

    def pairs(
        self, n: int, debtor_kind: Kind, creditor_kind: Kind, rng: np.random.Generator
    ) -> tuple[I32, I32]:
        """Draw ``n`` (debtor, creditor) pairs over links of the network, never a self-payment."""
        weight = self._has(debtor_kind)[self.network.sender].astype(np.float64)
        weight *= self._has(creditor_kind)[self.network.receiver] * self.network.weight
        cumulative = np.cumsum(weight)
        if n <= 0 or cumulative[-1] <= 0:
            return np.zeros(0, np.int32), np.zeros(0, np.int32)
        link = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
        link = np.minimum(link, cumulative.size - 1)
        debtor = self.at_agents(self.network.sender[link], debtor_kind, rng)
        creditor = self.at_agents(self.network.receiver[link], creditor_kind, rng)
        keep = (debtor >= 0) & (creditor >= 0) & (debtor != creditor)
        return debtor[keep], creditor[keep]

    def partners(
        self, party: I32, kind: Kind, rng: np.random.Generator, *, outgoing: bool = True
    ) -> I32:
        """Draw for each party a partner of a kind over the links of its bank, or NOBODY.

        Args:
            party: who looks for a partner.
            kind: kind of the partner.
            rng: source of randomness.
            outgoing: the party pays (else it is paid).
        """
        cumulative, first = self._links_of(kind, outgoing)
        agent = self.parties.agent[party]
        low, high = cumulative[first[agent]], cumulative[first[agent + 1]]
        at = np.searchsorted(cumulative, low + rng.random(party.size) * (high - low), "right") - 1
        at = np.clip(at, 0, self.network.sender.size - 1)
        there = self._far_end(outgoing)[at]
        found = self.at_agents(there, kind, rng)
        return np.where((high > low) & (found != party), found, NOBODY).astype(np.int32)

    def _shelf(self, kind: Kind) -> _Shelf:
        if kind not in self._shelves:
            parties = self.parties
            present = (parties.birth < self.last) & (parties.death > self.first)
            found = np.flatnonzero((parties.kind == kind) & present)
            order = np.argsort(self.parties.agent[found], kind="stable")
            party = found[order].astype(np.int32)
            agent = self.parties.agent[party]
            first = np.searchsorted(agent, np.arange(self.network.participants + 1))
            running = np.concatenate([[0.0], np.cumsum(self.parties.activity[party], dtype=float)])
            self._shelves[kind] = _Shelf(party, first.astype(np.int64), running)
        return self._shelves[kind]

    def _has(self, kind: Kind) -> npt.NDArray[np.bool_]:
        return np.diff(self._shelf(kind).first) > 0

    def _far_end(self, outgoing: bool) -> I32:
        if outgoing:
            return self.network.receiver
        return self.network.sender[self._by_receiver()]

    def _by_receiver(self) -> npt.NDArray[np.int64]:
        key = ("order", 0, 0)
        if key not in self._reach:
            order = np.argsort(self.network.receiver, kind="stable")
            self._reach[key] = (np.zeros(0), order.astype(np.int64))
        return self._reach[key][1]

    def _links_of(self, kind: Kind, outgoing: bool) -> tuple[F64, npt.NDArray[np.int64]]:
        key = ("links", int(kind), int(outgoing))
        if key not in self._reach:
            order = np.arange(self.network.sender.size) if outgoing else self._by_receiver()
            near = (self.network.sender if outgoing else self.network.receiver)[order]
            weight = self.network.weight[order] * self._has(kind)[self._far_end(outgoing)]
            first = np.searchsorted(near, np.arange(self.network.participants + 1))
            self._reach[key] = (np.concatenate([[0.0], np.cumsum(weight)]), first.astype(np.int64))
        return self._reach[key]
