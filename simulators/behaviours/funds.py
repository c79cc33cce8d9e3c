"""Funds: subscriptions come in, redemptions and distributions go out, brokers are paid."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import (
    AT_RANDOM,
    MONTH_END,
    MONTHLY,
    Standing,
    Standings,
    found,
    phases,
    purposes,
)

NAME = "funds"

_FLOWS = (
    (Kind.PERSON, Kind.FUND, 0.20, AT_RANDOM, 0.05, {"INVS": 0.4, "": 0.5, "SECU": 0.1}),
    (Kind.FIRM, Kind.FUND, 0.15, MONTHLY, 0.0, {"INVS": 0.4, "": 0.5, "CASH": 0.1}),
    (Kind.FUND, Kind.PERSON, 0.20, MONTH_END, 0.0, {"DIVD": 0.4, "INVS": 0.2, "": 0.4}),
    (Kind.FUND, Kind.FIRM, 0.15, AT_RANDOM, 0.08, {"INVS": 0.3, "SECU": 0.2, "": 0.5}),
    (Kind.FUND, Kind.FUND, 0.30, AT_RANDOM, 0.4, {"SECU": 0.5, "": 0.4, "CASH": 0.1}),
)


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw investors over the links."""
    parts = []
    for payer, payee, share, period, rate, why in _FLOWS:
        per_day = rate if period == AT_RANDOM else 1 / 21
        debtor, creditor = ground.pairs(int(budget * share / per_day), payer, payee, rng)
        n = debtor.size
        scale = ground.parties.scale
        mean = 0.5 * scale[debtor] + 0.5 * scale[creditor] + rng.normal(0.0, 0.6, n)
        cycle = np.full(n, period, dtype=np.int16)
        relations = found(
            ground,
            debtor,
            creditor,
            rng,
            period=cycle,
            phase=phases(cycle, rng),
            rate=per_day * rng.lognormal(-0.3, 0.8, n),
            mean=mean,
            spread=rng.uniform(0.2, 0.9, n),
            minute=clock.minutes(rng, "customer", n),
            purpose=purposes(why, n, rng),
        )
        parts.append(Standing(relations, round_share=0.35, jitter=60.0))
    return Standings(tuple(parts))
