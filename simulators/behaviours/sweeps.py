"""Cash concentration: subsidiaries send the day's surplus to the parent, and are funded back."""

from __future__ import annotations

import numpy as np

from simulators.calendar import minute_of
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import AT_RANDOM, Standing, Standings, found, phases, purposes

NAME = "sweeps"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Group firms under parents; a part of each group is funded in the morning."""
    child, parent = ground.pairs(int(budget * 1.6), Kind.FIRM, Kind.FIRM, rng)
    n = child.size
    agent = ground.parties.agent
    both_ways = ground.network.linked(agent[parent], agent[child])
    funding = both_ways & (rng.random(n) < 0.5)
    debtor, creditor = np.where(funding, parent, child), np.where(funding, child, parent)
    period = rng.choice(np.array([1, 1, 5, AT_RANDOM], dtype=np.int16), n)
    relations = found(
        ground,
        debtor,
        creditor,
        rng,
        period=period,
        phase=phases(period, rng),
        rate=0.3,
        mean=ground.parties.scale[child] + rng.normal(0.2, 0.7, n),
        spread=rng.uniform(0.3, 0.9, n),
        minute=np.where(funding, minute_of(8, 45), minute_of(16, 40)) + rng.normal(0, 40, n),
        purpose=purposes({"CASH": 0.35, "INTC": 0.25, "": 0.35, "TREA": 0.05}, n, rng),
    )
    return Standings((Standing(relations, round_share=0.3, jitter=15.0),))
