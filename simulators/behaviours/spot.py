"""Spot trade: one-off payments between parties that may never meet again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators import clock, entries
from simulators.codes import Kind
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.relations import purposes, rounded

NAME = "spot"

_SIDES = (
    (Kind.FIRM, Kind.FIRM, 0.45),
    (Kind.PERSON, Kind.FIRM, 0.25),
    (Kind.FIRM, Kind.PERSON, 0.2),
    (Kind.PERSON, Kind.PERSON, 0.1),
)


@dataclass(frozen=True)
class Spot:
    """Chance meetings, drawn anew each day over the links of the network."""

    budget: float

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """One-off payments of a day."""
        parts = []
        for payer, payee, share in _SIDES:
            debtor, creditor = ground.living_pairs(int(self.budget * share), payer, payee, day, rng)
            n = debtor.size
            mean = 0.6 * ground.parties.scale[debtor] + 0.4 * ground.parties.scale[creditor]
            parts.append(
                entries.rows(
                    clock.minutes(rng, "customer", n),
                    rounded(np.exp(mean + rng.normal(0.5, 1.1, n)), 0.3, rng),
                    debtor=debtor,
                    creditor=creditor,
                    debtor_agent=ground.parties.agent[debtor],
                    creditor_agent=ground.parties.agent[creditor],
                    purpose=purposes(
                        {"": 0.55, "GDDS": 0.15, "SCVE": 0.12, "SUPP": 0.08, "OTHR": 0.1}, n, rng
                    ),
                )
            )
        return entries.join(parts)


def build(_ground: Ground, budget: float, _rng: np.random.Generator) -> Spot:
    """Set the number of chance meetings a day."""
    return Spot(budget)
