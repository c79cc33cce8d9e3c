"""Settlement: banks pay in to and are paid out by settlement systems at fixed peaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators import entries
from simulators.calendar import OPEN_MINUTES, minute_of
from simulators.codes import BANK, instrument, purpose
from simulators.entries import Entries
from simulators.ground import Ground

NAME = "settlement"

_PEAKS = (
    ("pay-in", minute_of(2, 0), 45.0, 0.15, "FREX"),
    ("pay-out", minute_of(5, 30), 50.0, 0.11, "FREX"),
    ("pay-in", minute_of(16, 30), 9.0, 0.24, "SECU"),
    ("pay-out", minute_of(16, 45), 12.0, 0.12, "SECU"),
    ("pay-in", minute_of(17, 15), 8.0, 0.24, "CASH"),
    ("pay-out", minute_of(17, 30), 12.0, 0.14, "CASH"),
)
"""CLS-like in the night, DTC-like at 16:30, CHIPS-like at 17:15: side, centre, spread, share."""


@dataclass(frozen=True)
class Settlement:
    """Links to and from the settlement agents, used at the peaks."""

    budget: float
    into: npt.NDArray[np.int64]
    out: npt.NDArray[np.int64]

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Net pay-ins and pay-outs of a day."""
        parts = []
        heavier = 1.5 if ground.calendar.month_left[day] == 0 else 1.0
        for side, centre, spread, share, why in _PEAKS:
            links = self.into if side == "pay-in" else self.out
            if not links.size:
                continue
            n = int(rng.poisson(self.budget * share * heavier))
            link = rng.choice(links, n, p=ground.network.value_weight(links))
            parts.append(
                entries.rows(
                    np.clip(rng.normal(centre, spread, n), 1, OPEN_MINUTES - 1),
                    rng.lognormal(16.9, 1.6, n),
                    debtor_agent=ground.network.sender[link],
                    creditor_agent=ground.network.receiver[link],
                    message_type=BANK,
                    local_instrument=instrument("BTRS"),
                    purpose=np.where(rng.random(n) < 0.6, purpose(why), purpose("")),
                )
            )
        return entries.join(parts)


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Settlement:
    """Let the largest participants be the settlement agents."""
    agents = rng.choice(min(6, ground.network.participants), 3, replace=False)
    return Settlement(
        budget,
        np.flatnonzero(np.isin(ground.network.receiver, agents)),
        np.flatnonzero(np.isin(ground.network.sender, agents)),
    )
