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
from simulators.relations import Standings
from simulators.renewal import Renewed
from simulators.seeds import stream


class Behaviour(Protocol):
    """A family at work."""

    def entries(self, ground: Ground, day: int, rng: np.random.Generator, /) -> Entries:
        """Payments of a day, in any order."""
        ...


@dataclass(frozen=True)
class Daily:
    """A family that draws its payments anew each day.

    Attributes:
        name: as it stands in the truth tables.
        share: of the world's payments per day.
        build: founds it on a ground with a budget of payments per day.
    """

    name: str
    share: float
    build: Callable[[Ground, float, np.random.Generator], Behaviour]

    def found(self, ground: Ground, budget: float, seed: int) -> Behaviour:
        """Found the family with a budget of payments per day."""
        return self.build(ground, budget, stream(seed, "found", self.name))


@dataclass(frozen=True)
class Lasting:
    """A family of standing relations, which are topped up as parties come and go.

    Attributes:
        name: as it stands in the truth tables.
        share: of the world's payments per day.
        build: founds relations on a ground with a budget of payments per day.
    """

    name: str
    share: float
    build: Callable[[Ground, float, np.random.Generator], Standings]

    def found(self, _ground: Ground, budget: float, seed: int) -> Behaviour:
        """Found the family with a budget of payments per day."""
        return Renewed(self.name, self.build, budget, seed)


FAMILIES: Final[tuple[Daily | Lasting, ...]] = (
    Lasting(payroll.NAME, 0.02, payroll.build),
    Lasting(vendors.NAME, 0.25, vendors.build),
    Daily(treasury.NAME, 0.06, treasury.build),
    Daily(settlement.NAME, 0.03, settlement.build),
    Lasting(acquirers.NAME, 0.10, acquirers.build),
    Lasting(sweeps.NAME, 0.05, sweeps.build),
    Lasting(remittance.NAME, 0.05, remittance.build),
    Daily(correspondent.NAME, 0.08, correspondent.build),
    Lasting(instalments.NAME, 0.06, instalments.build),
    Daily(closings.NAME, 0.02, closings.build),
    Lasting(taxes.NAME, 0.03, taxes.build),
    Lasting(funds.NAME, 0.07, funds.build),
    Daily(refunds.NAME, 0.03, refunds.build),
    Lasting(personal.NAME, 0.06, personal.build),
    Lasting(exchanges.NAME, 0.04, exchanges.build),
    Daily(spot.NAME, 0.03, spot.build),
)
