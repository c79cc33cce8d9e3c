"""Rent and loans: fixed sums on the same day of every month."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import MONTHLY, Standing, Standings, found, phases, purposes

NAME = "instalments"

_PAIRS = (
    (Kind.PERSON, Kind.PROPERTY, 0.4, 7.9, 0.45, {"RENT": 0.5, "": 0.4, "OTHR": 0.1}),
    (Kind.FIRM, Kind.PROPERTY, 0.2, 9.4, 0.8, {"RENT": 0.45, "": 0.45, "SCVE": 0.1}),
    (Kind.PERSON, Kind.LENDER, 0.2, 7.3, 0.6, {"LOAR": 0.5, "HLRP": 0.2, "": 0.3}),
    (Kind.FIRM, Kind.LENDER, 0.2, 10.2, 1.2, {"LOAR": 0.5, "": 0.4, "OTHR": 0.1}),
)


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw tenants and borrowers over the links."""
    parts = []
    for payer, payee, share, mean, spread, why in _PAIRS:
        debtor, creditor = ground.pairs(int(budget * share * 21), payer, payee, rng)
        n = debtor.size
        period = np.full(n, MONTHLY, dtype=np.int16)
        relations = found(
            ground,
            debtor,
            creditor,
            rng,
            period=period,
            phase=phases(period, rng),
            mean=rng.normal(mean, spread, n),
            spread=rng.choice([0.0, 0.0, 0.02], n),
            minute=clock.minutes(rng, "retail", n),
            purpose=purposes(why, n, rng),
        )
        parts.append(Standing(relations, round_share=0.4, jitter=120.0))
    return Standings(tuple(parts))
