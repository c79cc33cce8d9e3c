"""Taxes: firms pay government near the middle of the month, before 17:00 ET."""

from __future__ import annotations

import numpy as np

from simulators.calendar import TAX_CUTOFF, minute_of
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import MONTHLY, Standing, Standings, found, purposes

NAME = "taxes"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Draw taxpayers; two in three pay within the tax days."""
    debtor, creditor = ground.pairs(int(budget * 20), Kind.FIRM, Kind.GOVERNMENT, rng)
    n = debtor.size
    on_time = rng.random(n) < 0.67
    relations = found(
        ground,
        debtor,
        creditor,
        rng,
        period=MONTHLY,
        phase=np.where(on_time, 9 + rng.integers(0, 2, n), rng.integers(0, 17, n)),
        mean=ground.parties.scale[debtor] - 0.4 + rng.normal(0, 0.5, n),
        spread=0.35,
        minute=np.minimum(rng.normal(minute_of(13, 0), 110, n), TAX_CUTOFF - 30),
        purpose=purposes({"TAXS": 0.85, "": 0.15}, n, rng),
    )
    return Standings((Standing(relations, round_share=0.05, jitter=8.0),))
