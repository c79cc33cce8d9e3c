"""Person to person: gifts, shared costs, cars and deposits, among a few people each."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import AT_RANDOM, MONTHLY, Standing, Standings, found, phases, purposes

NAME = "personal"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw acquaintances over the links; most pay each other rarely."""
    debtor, creditor = ground.pairs(int(budget * 14), Kind.PERSON, Kind.PERSON, rng)
    n = debtor.size
    period = rng.choice(np.array([AT_RANDOM, MONTHLY], dtype=np.int16), n, p=[0.85, 0.15])
    scale = ground.parties.scale
    relations = found(
        ground,
        debtor,
        creditor,
        rng,
        period=period,
        phase=phases(period, rng),
        rate=np.minimum(rng.lognormal(-3.4, 1.2, n), 1.0),
        mean=0.5 * scale[debtor] + 0.3 * scale[creditor] + 1.0 + rng.normal(0, 0.7, n),
        spread=rng.uniform(0.1, 1.0, n),
        minute=clock.minutes(rng, "retail", n),
        purpose=purposes({"": 0.65, "GIFT": 0.15, "OTHR": 0.12, "GDDS": 0.08}, n, rng),
    )
    return Standings((Standing(relations, round_share=0.6, jitter=150.0),))
