"""Benign behaviour families: one a file, each a pure function of (ground, day, seed)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from simulators.behaviours import (
    acquirers,
    closings,
    correspondent,
    exchanges,
    funds,
    instalments,
    payroll,
    personal,
    refunds,
    remittance,
    settlement,
    spot,
    sweeps,
    taxes,
    treasury,
    vendors,
)
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.relations import Standing, Standings
from simulators.seeds import stream

_GAUGE: Final = 0.1
_MOST: Final = 6.0


class Behaviour(Protocol):
    """A family at work."""

    def entries(self, ground: Ground, day: int, rng: np.random.Generator, /) -> Entries:
        """Payments of a day, in any order."""
        ...


@dataclass(frozen=True)
class Family:
    """A family with its share of the payments.

    Attributes:
        name: as it stands in the truth tables.
        share: of the world's payments per day.
        build: founds the family on a ground with a budget of payments per day.
    """

    name: str
    share: float
    build: Callable[[Ground, float, np.random.Generator], Behaviour]

    def found(self, ground: Ground, budget: float, seed: int) -> Behaviour:
        """Found the family so that it meets its budget on average over the world's days.

        Standing relations come and go with the parties; how many of them are alive on a day
        is gauged on a small family first.
        """
        days = len(ground.calendar.dates)
        small = self.build(ground, budget * _GAUGE, stream(seed, "gauge", self.name))
        if isinstance(small, Standing | Standings):
            given = small.mean_per_day(days) / _GAUGE
            budget *= min(budget / max(given, 1e-9), _MOST)
        return self.build(ground, budget, stream(seed, "found", self.name))


FAMILIES: Final = (
    Family(payroll.NAME, 0.07, payroll.build),
    Family(vendors.NAME, 0.22, vendors.build),
    Family(treasury.NAME, 0.06, treasury.build),
    Family(settlement.NAME, 0.03, settlement.build),
    Family(acquirers.NAME, 0.10, acquirers.build),
    Family(sweeps.NAME, 0.05, sweeps.build),
    Family(remittance.NAME, 0.06, remittance.build),
    Family(correspondent.NAME, 0.08, correspondent.build),
    Family(instalments.NAME, 0.06, instalments.build),
    Family(closings.NAME, 0.02, closings.build),
    Family(taxes.NAME, 0.03, taxes.build),
    Family(funds.NAME, 0.06, funds.build),
    Family(refunds.NAME, 0.03, refunds.build),
    Family(personal.NAME, 0.06, personal.build),
    Family(exchanges.NAME, 0.04, exchanges.build),
    Family(spot.NAME, 0.03, spot.build),
)
