"""Correspondent chains: one business payment crosses two banks, with a cover payment or a fee.

Its legs are one flow: 1 in, 2 out, 3 the cover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators import clock, entries, flows
from simulators.calendar import CUSTOMER_CUTOFF
from simulators.codes import BANK, Kind, instrument
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.relations import purposes, rounded

NAME = "correspondent"


@dataclass(frozen=True)
class Chains:
    """Customers of foreign banks pay firms through a correspondent account."""

    budget: float

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """First legs into the correspondent, second legs out minutes later, covers in between."""
        n = int(rng.poisson(self.budget / 2.5))
        foreign = ground.living(Kind.CORRESPONDENT, day, day)
        weight = ground.parties.activity[foreign].astype(np.float64)
        middle = rng.choice(foreign, n, p=weight / weight.sum())
        payer = ground.living_partners(middle, Kind.FIRM, day, rng, outgoing=False)
        payee = ground.living_partners(middle, Kind.FIRM, day, rng)
        keep = (payer >= 0) & (payee >= 0) & (payer != payee)
        middle, payer, payee = middle[keep], payer[keep], payee[keep]
        n = middle.size
        agent = ground.parties.agent
        dollars = rounded(np.exp(ground.parties.scale[payer] + rng.normal(0.8, 0.9, n)), 0.25, rng)
        first = clock.minutes(rng, "foreign", n)
        second = np.minimum(first + rng.lognormal(3.2, 1.1, n), CUSTOMER_CUTOFF - 1)
        fee = np.where(rng.random(n) < 0.5, 15.0 + 30.0 * rng.random(n), 0.0)
        why = purposes({"": 0.5, "GDDS": 0.2, "SUPP": 0.12, "SCVE": 0.1, "CORT": 0.08}, n, rng)
        flow = flows.of_day(day, n)
        legs = [
            entries.rows(
                first,
                dollars,
                debtor=payer,
                creditor=middle,
                debtor_agent=agent[payer],
                creditor_agent=agent[middle],
                purpose=why,
                flow=flow,
            ),
            entries.rows(
                second,
                np.maximum(dollars - fee, 1.0),
                debtor=middle,
                creditor=payee,
                debtor_agent=agent[middle],
                creditor_agent=agent[payee],
                purpose=why,
                flow=flow,
                leg=2,
            ),
        ]
        cover = np.flatnonzero((rng.random(n) < 0.5) & (agent[middle] != agent[payee]))
        legs.append(
            entries.rows(
                np.minimum(second[cover] + 5 * rng.random(cover.size), CUSTOMER_CUTOFF - 0.5),
                dollars[cover],
                debtor_agent=agent[middle[cover]],
                creditor_agent=agent[payee[cover]],
                message_type=BANK,
                local_instrument=instrument("COVC"),
                flow=flow[cover],
                leg=3,
            )
        )
        return entries.join(legs)


def build(_ground: Ground, budget: float, _rng: np.random.Generator) -> Chains:
    """Set the number of chains; correspondents take part by activity."""
    return Chains(budget)
