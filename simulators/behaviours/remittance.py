"""Remittance: people pay a remitter, remitters fund their payout partners in bulk."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import AT_RANDOM, MONTHLY, Standing, Standings, found, phases, purposes

NAME = "remittance"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw senders and payout partners over the links."""
    debtor, creditor = ground.pairs(int(budget * 9.0), Kind.PERSON, Kind.REMITTER, rng)
    n = debtor.size
    period = rng.choice(np.array([10, MONTHLY, AT_RANDOM], dtype=np.int16), n)
    collect = found(
        ground,
        debtor,
        creditor,
        rng,
        period=period,
        phase=phases(period, rng),
        rate=0.06,
        mean=rng.normal(6.9, 0.7, n),
        spread=0.25,
        minute=clock.minutes(rng, "retail", n),
        purpose=purposes({"": 0.6, "GIFT": 0.15, "OTHR": 0.25}, n, rng),
    )
    debtor, creditor = ground.pairs(int(budget * 0.5), Kind.REMITTER, Kind.CORRESPONDENT, rng)
    n = debtor.size
    payout = found(
        ground,
        debtor,
        creditor,
        rng,
        period=rng.choice(np.array([1, 1, 2], dtype=np.int16), n),
        mean=rng.normal(11.4, 0.9, n),
        spread=0.4,
        minute=clock.minutes(rng, "foreign", n),
        purpose=purposes({"": 0.6, "CORT": 0.2, "OTHR": 0.2}, n, rng),
    )
    return Standings(
        (Standing(collect, round_share=0.65, jitter=180.0), Standing(payout, round_share=0.4))
    )
