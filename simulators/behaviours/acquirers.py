"""Acquirers: card takings paid out to merchants daily, each with its own steady volume."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import Standing, Standings, found, phases, purposes

NAME = "acquirers"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Give merchants an acquirer; small ones are paid weekly."""
    debtor, creditor = ground.pairs(int(budget * 2.0), Kind.ACQUIRER, Kind.FIRM, rng)
    n = debtor.size
    period = rng.choice(np.array([1, 1, 2, 5], dtype=np.int16), n)
    takings = ground.parties.scale[creditor] - 1.2 + rng.normal(0.0, 0.5, n)
    habit = clock.minutes(rng, "retail", len(ground.parties))
    relations = found(
        ground,
        debtor,
        creditor,
        rng,
        period=period,
        phase=phases(period, rng),
        mean=takings,
        spread=rng.uniform(0.15, 0.5, n),
        minute=habit[debtor],
        purpose=purposes({"CCRD": 0.5, "": 0.4, "OTHR": 0.1}, n, rng),
    )
    return Standings((Standing(relations, round_share=0.0, jitter=12.0),))
