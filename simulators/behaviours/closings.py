"""Mortgage closings: a lender funds an escrow agent, who pays out on the same day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators import entries
from simulators.calendar import CUSTOMER_CUTOFF, minute_of
from simulators.codes import Kind
from simulators.entries import F64, I32, Entries
from simulators.ground import NOBODY, Ground
from simulators.relations import purposes

NAME = "closings"


@dataclass(frozen=True)
class Closings:
    """A lawful pass-through: money in, split, and out within hours."""

    budget: float

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Closings of a day, more of them at the month's end."""
        busy = 2.0 if ground.calendar.month_left[day] < 3 else 0.85
        n = int(rng.poisson(busy * self.budget / 3.6))
        lender, escrow = ground.living_pairs(n, Kind.LENDER, Kind.PROPERTY, day, rng)
        n = lender.size
        price = rng.lognormal(12.7, 0.6, n)
        loan = price * rng.uniform(0.5, 0.9, n)
        at = np.clip(rng.normal(minute_of(11, 30), 120, n), 300, CUSTOMER_CUTOFF - 200)
        parts = [self._leg(ground, rng, at, loan, lender, escrow)]
        buyer = ground.living_partners(escrow, Kind.PERSON, day, rng, outgoing=False)
        parts.append(self._leg(ground, rng, at - 60 * rng.random(n), price - loan, buyer, escrow))
        owed = price * rng.uniform(0.0, 0.6, n)
        later = np.minimum(at + rng.lognormal(4.2, 0.6, n), CUSTOMER_CUTOFF - 2)
        seller = ground.living_partners(escrow, Kind.PERSON, day, rng)
        parts.append(
            self._leg(ground, rng, later, (price - owed) * 0.985, seller, escrow, out=True)
        )
        old = ground.living_partners(escrow, Kind.LENDER, day, rng)
        old = np.where(owed > 0.1 * price, old, NOBODY).astype(np.int32)
        parts.append(self._leg(ground, rng, later + 1, owed, old, escrow, out=True))
        return entries.join(parts)

    @staticmethod
    def _leg(
        ground: Ground,
        rng: np.random.Generator,
        minute: F64,
        dollars: F64,
        other: I32,
        escrow: I32,
        *,
        out: bool = False,
    ) -> Entries:
        keep = (other >= 0) & (other != escrow)
        debtor, creditor = (escrow, other) if out else (other, escrow)
        debtor, creditor = debtor[keep], creditor[keep]
        return entries.rows(
            minute[keep],
            dollars[keep],
            debtor=debtor,
            creditor=creditor,
            debtor_agent=ground.parties.agent[debtor],
            creditor_agent=ground.parties.agent[creditor],
            purpose=purposes({"": 0.5, "HLRP": 0.2, "LOAN": 0.2, "OTHR": 0.1}, debtor.size, rng),
        )


def build(_ground: Ground, budget: float, _rng: np.random.Generator) -> Closings:
    """Set the number of closings; parties are drawn as houses are sold."""
    return Closings(budget)
