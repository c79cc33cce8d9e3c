"""Exchanges: people and firms move money to a trading venue and back at odd hours."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import AT_RANDOM, Standing, Standings, found, purposes

NAME = "exchanges"

_FLOWS = (
    (Kind.PERSON, Kind.EXCHANGE, 0.35),
    (Kind.EXCHANGE, Kind.PERSON, 0.25),
    (Kind.FIRM, Kind.EXCHANGE, 0.2),
    (Kind.EXCHANGE, Kind.FIRM, 0.2),
)
_RATE = 0.09


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw customers over the links."""
    parts = []
    for payer, payee, share in _FLOWS:
        debtor, creditor = ground.pairs(int(budget * share / _RATE), payer, payee, rng)
        n = debtor.size
        own = np.where(ground.parties.kind[debtor] == Kind.EXCHANGE, creditor, debtor)
        relations = found(
            ground,
            debtor,
            creditor,
            rng,
            period=AT_RANDOM,
            rate=_RATE * rng.lognormal(-0.5, 1.0, n),
            mean=ground.parties.scale[own] + rng.normal(0.3, 0.8, n),
            spread=rng.uniform(0.4, 1.1, n),
            minute=clock.minutes(rng, "foreign", n),
            purpose=purposes({"": 0.6, "INVS": 0.15, "FREX": 0.1, "OTHR": 0.15}, n, rng),
        )
        parts.append(Standing(relations, round_share=0.5, jitter=240.0))
    return Standings(tuple(parts))
