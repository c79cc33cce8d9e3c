"""Treasury: overnight money between banks, out today and back tomorrow with interest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators import clock, entries
from simulators.calendar import OPEN_MINUTES, minute_of
from simulators.codes import BANK, instrument, purpose
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.seeds import stream

NAME = "treasury"

_RATE = 0.0433 / 360


@dataclass(frozen=True)
class Overnight:
    """Loans of a day and the repayment of those of the day before."""

    budget: float
    seed: int
    links: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Both legs of a day; the second is recomputed from the day before."""
        out = self._loans(ground, day)
        old = self._loans(ground, day - 1)
        interest = 1.0 + _RATE * (1.0 + rng.normal(0.0, 0.03, len(old)))
        back = entries.rows(
            np.clip(rng.normal(minute_of(10, 0), 110, len(old)), 10, OPEN_MINUTES - 1),
            old.amount_cents / 100.0 * interest,
            debtor_agent=old.creditor_agent,
            creditor_agent=old.debtor_agent,
            message_type=BANK,
            local_instrument=instrument("BTRC"),
            purpose=old.purpose,
        )
        return entries.join([out, back])

    def _loans(self, ground: Ground, day: int) -> Entries:
        rng = stream(self.seed, NAME, day)
        n = int(rng.poisson(self.budget / 2))
        if not self.links.size:
            return entries.empty()
        link = rng.choice(self.links, n, p=self.weight)
        step = rng.choice([1e5, 1e6, 5e6], n, p=[0.3, 0.5, 0.2])
        dollars = np.maximum(np.rint(rng.lognormal(16.4, 1.6, n) / step), 1) * step
        return entries.rows(
            clock.minutes(rng, "overnight", n),
            dollars,
            debtor_agent=ground.network.sender[link],
            creditor_agent=ground.network.receiver[link],
            message_type=BANK,
            local_instrument=instrument("BTRC"),
            purpose=np.where(rng.random(n) < 0.5, purpose("TREA"), purpose("")),
        )


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Overnight:
    """Lend over links that run both ways, since the money has to come back."""
    links = ground.network.mutual()
    return Overnight(budget, int(rng.integers(2**62)), links, ground.network.value_weight(links))
