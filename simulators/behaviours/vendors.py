"""Vendor terms: firms pay their suppliers weekly, after 10, 15 or 22 days, or as goods come."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import AT_RANDOM, MONTHLY, Standing, Standings, found, phases, purposes

NAME = "vendors"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw supplier relations over the links of the network."""
    debtor, creditor = ground.pairs(int(budget * 5.0), Kind.FIRM, Kind.FIRM, rng)
    n = debtor.size
    terms = np.array([5, 10, 15, 22, MONTHLY, AT_RANDOM], dtype=np.int16)
    period = rng.choice(terms, n, p=[0.08, 0.12, 0.1, 0.12, 0.18, 0.4])
    scale = ground.parties.scale
    mean = 0.45 * scale[debtor] + 0.45 * scale[creditor] + rng.normal(0.6, 0.9, n)
    relations = found(
        ground,
        debtor,
        creditor,
        rng,
        period=period,
        phase=phases(period, rng),
        rate=np.minimum(rng.lognormal(-2.1, 1.3, n), 30.0),
        mean=mean,
        spread=rng.choice([0.05, 0.3, 0.7], n),
        minute=clock.minutes(rng, "customer", n),
        purpose=purposes(
            {"": 0.45, "SUPP": 0.25, "GDDS": 0.12, "SCVE": 0.12, "OTHR": 0.06}, n, rng
        ),
    )
    return Standings((Standing(relations, round_share=0.12, jitter=70.0),))
