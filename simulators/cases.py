"""A case: one scheme, or one benign look-alike, as it is planned payment by payment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulators import clock, entries, flows
from simulators.calendar import CUSTOMER_CUTOFF
from simulators.codes import BANK, Kind, instrument
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.liquidity import Hold
from simulators.relations import purposes, rounded
from simulators.roles import ROLES, STAGES

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

HORIZON: Final = 30
"""A case lasts at most so many business days."""

_FRESH_WINDOW: Final = 8
_WHY: Final = {"": 0.55, "OTHR": 0.12, "GDDS": 0.12, "SCVE": 0.1, "SUPP": 0.06, "GIFT": 0.05}


@dataclass
class Case:
    """The plan of one scheme while it is drawn up.

    Attributes:
        ident: scheme id, unique in the world.
        benign: a look-alike, of which nothing is risky.
        difficulty: 0 (a caricature) to 1 (as close to the look-alike as it gets).
        day: day on which it starts.
        fresh_share: share of its culpable parties that were born shortly before.
        risky_roles: roles whose sides of payments are risky.
        principal: party that leads it, where that was settled before.
        holds: banks' outgoing payments that it delays.
        members: role by party index; a bank stands as -1 minus its index.
    """

    ident: int
    benign: bool
    difficulty: float
    day: int
    ground: Ground
    rng: np.random.Generator
    fresh_share: float
    camouflage_share: float
    risky_roles: frozenset[str]
    principal: int | None = None
    holds: list[Hold] = field(default_factory=list)
    members: dict[int, str] = field(default_factory=dict)
    _parts: list[tuple[npt.NDArray[np.int64], Entries]] = field(default_factory=list)

    def blend(self, easy: float, hard: float) -> float:
        """Interpolate a parameter from its caricature to its camouflaged value."""
        return easy + (hard - easy) * self.difficulty

    def recruit(self, kind: Kind, n: int, *, fresh: float | None = None) -> I32:
        """Draw ``n`` distinct parties of a kind that live, a share of them newly born."""
        share = self.fresh_share if fresh is None else fresh
        want = int(self.rng.binomial(n, share))
        until = self.day + HORIZON
        newborn = self.ground.born(kind, max(self.day - _FRESH_WINDOW + 1, 0), self.day)
        newborn = newborn[self.ground.parties.death[newborn] > until]
        young = self.rng.choice(newborn, min(want, newborn.size), replace=False)
        living = self.ground.living(kind, self.day, until)
        # A few more than needed, for those who are among the young already.
        drawn = self.rng.choice(living, min(n + young.size, living.size), replace=False)
        old = drawn[~np.isin(drawn, young)][: n - young.size]
        return np.concatenate([young, old]).astype(np.int32)

    def lead(self, kind: Kind, *, fresh: float | None = None) -> I32:
        """The leading party: the one with the habit, or else one recruited now (length 1)."""
        if self.principal is not None:
            return np.array([self.principal], dtype=np.int32)
        return self.recruit(kind, 1, fresh=fresh)

    def recruit_bank(self) -> int:
        """Draw a participant that lends and borrows overnight."""
        links = self.ground.network.mutual()
        bank = int(self.ground.network.sender[self.rng.choice(links)])
        self.members[-1 - bank] = "bank"
        return bank

    def customers_of(self, bank: int) -> I32:
        """Living customers of a participant."""
        parties = self.ground.parties
        found = np.flatnonzero(parties.agent == bank)
        lives = (parties.birth[found] <= self.day) & (parties.death[found] > self.day + HORIZON)
        return found[lives].astype(np.int32)

    def partners_anywhere(self, party: I32) -> I32:
        """Draw a firm that each party pays over the links of its bank, or NOBODY."""
        return self.ground.partners(party, Kind.FIRM, self.rng)

    def lenders_to(self, bank: int, n: int) -> I32:
        """Draw ``n`` participants with links to a bank."""
        network = self.ground.network
        return self.rng.choice(network.sender[network.receiver == bank], n).astype(np.int32)

    def hold(
        self,
        day: int,
        bank: int,
        *,
        begins: float,
        ends: float,
        release: float,
        share: float,
        spread: float,
    ) -> None:
        """Delay a share of what a bank sends between two minutes of a day.

        Args:
            day: days since the start of the case.
            bank: participant.
            begins, ends: minutes since opening.
            release: minute from which the delayed payments leave.
            share: of the payments.
            spread: mean minutes after the release.
        """
        self.holds.append(
            Hold(
                offset=day,
                bank=bank,
                begins=begins,
                ends=ends,
                release=release,
                share=share,
                spread=spread,
                scheme=self.ident,
                role=ROLES.index("bank"),
                stage=STAGES.index("stress"),
                risky=not self.benign,
            )
        )

    def norm(self, party: npt.NDArray[np.integer] | int) -> F64:
        """Usual amount of parties in dollars."""
        return np.exp(np.atleast_1d(self.ground.parties.scale[party]).astype(np.float64))

    def minutes(self, n: int, profile: str = "retail") -> F64:
        """Minutes since opening from an hour profile."""
        return clock.minutes(self.rng, profile, n)

    def pay(
        self,
        stage: str,
        day: Any,
        minute: Any,
        dollars: Any,
        debtor: Any,
        creditor: Any,
        roles: tuple[str, str],
        *,
        round_share: float = 0.4,
        risky: bool = True,
        why: dict[str, float] | None = None,
        flow: Any = flows.ALONE,
        leg: int = 1,
    ) -> None:
        """Plan payments; arguments broadcast against each other.

        Payments between customers of one bank stay on its books and are left out.

        Args:
            stage: one of ``STAGES``.
            day: days since the start of the case.
            minute: minutes since opening; what passes the cut-off moves to the next day.
            dollars: amounts.
            debtor, creditor: party indices.
            roles: role of the debtor side and of the creditor side.
            round_share: share of round amounts.
            risky: whether risky roles make their side risky here (camouflage does not).
            why: purposes by weight.
            flow: business that the payments are a leg of (one number, or one each).
            leg: which.
        """
        shape = np.broadcast_shapes(
            *(np.shape(x) for x in (day, minute, dollars, debtor, creditor, flow))
        )
        day, minute, dollars, debtor, creditor, flow = (
            np.broadcast_to(np.asarray(x), shape).ravel()
            for x in (day, minute, dollars, debtor, creditor, flow)
        )
        agent = self.ground.parties.agent
        seen = agent[debtor] != agent[creditor]
        day, minute, dollars = day[seen], minute[seen], dollars[seen]
        debtor, creditor, flow = debtor[seen], creditor[seen], flow[seen]
        over = minute >= CUSTOMER_CUTOFF
        day = day + over
        minute = np.where(over, minute % CUSTOMER_CUTOFF, np.maximum(minute, 0.0))
        n = day.size
        dangerous = risky and not self.benign
        made = entries.rows(
            minute.astype(np.float64),
            rounded(np.maximum(dollars.astype(np.float64), 25.0), round_share, self.rng),
            debtor=debtor,
            creditor=creditor,
            debtor_agent=agent[debtor],
            creditor_agent=agent[creditor],
            purpose=purposes(why or _WHY, n, self.rng),
            flow=flow,
            scheme=self.ident,
            leg=leg,
            debtor_role=ROLES.index(roles[0]),
            creditor_role=ROLES.index(roles[1]),
            stage=STAGES.index(stage),
            debtor_risky=dangerous and roles[0] in self.risky_roles,
            creditor_risky=dangerous and roles[1] in self.risky_roles,
        )
        self._parts.append((day.astype(np.int64), made))
        for side, role in ((debtor, roles[0]), (creditor, roles[1])):
            for party in np.unique(side).tolist():
                if self.members.get(party) not in self.risky_roles:
                    self.members[party] = role

    def pay_banks(
        self,
        stage: str,
        day: int,
        minute: F64,
        dollars: F64,
        debtor: Any,
        creditor: Any,
        roles: tuple[str, str],
    ) -> None:
        """Plan overnight money between participants."""
        dangerous = not self.benign
        made = entries.rows(
            minute,
            dollars,
            debtor_agent=debtor,
            creditor_agent=creditor,
            message_type=BANK,
            local_instrument=instrument("BTRC"),
            scheme=self.ident,
            debtor_role=ROLES.index(roles[0]),
            creditor_role=ROLES.index(roles[1]),
            stage=STAGES.index(stage),
            debtor_risky=dangerous and roles[0] in self.risky_roles,
            creditor_risky=dangerous and roles[1] in self.risky_roles,
        )
        self._parts.append((np.full(minute.size, day, dtype=np.int64), made))

    def hide(self, party: I32, role: str, days: int) -> None:
        """Give parties ordinary payments beside the scheme, by the camouflage share."""
        count = int(self.rng.poisson(self.camouflage_share * 4 * party.size))
        who = self.rng.choice(party, count)
        for outgoing in (True, False):
            some = who[: count // 2] if outgoing else who[count // 2 :]
            partner = self.ground.partners(some, Kind.FIRM, self.rng, outgoing=outgoing)
            some, partner = some[partner >= 0], partner[partner >= 0]
            debtor, creditor = (some, partner) if outgoing else (partner, some)
            self.pay(
                "camouflage",
                self.rng.integers(0, max(days, 1), some.size),
                self.minutes(some.size),
                self.norm(some) * self.rng.lognormal(0.0, 0.8, some.size),
                debtor,
                creditor,
                (role, "none") if outgoing else ("none", role),
                risky=False,
            )

    def planned(self) -> tuple[npt.NDArray[np.int64], Entries]:
        """All planned payments, and on which day after the start each is made."""
        if not self._parts:
            return np.zeros(0, dtype=np.int64), entries.empty()
        days = np.concatenate([day for day, _ in self._parts])
        return days, entries.join([made for _, made in self._parts])

    def onset(self, since: int) -> tuple[int, int]:
        """Day and ms offset of the first risky payment (of the first one when benign).

        Args:
            since: days before which payments are not seen.
        """
        held = [
            (h.offset, int(h.begins * clock.MINUTE_MS)) for h in self.holds if h.offset >= since
        ]
        first = min(held, default=(HORIZON * 100, 0))
        day, made = self.planned()
        seen = day >= since
        if not self.benign:
            seen &= made.debtor_risky | made.creditor_risky
        pairs = zip(day[seen].tolist(), made.offset_ms[seen].tolist(), strict=True)
        return min(first, min(pairs, default=first))
