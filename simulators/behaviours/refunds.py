"""Refunds: purchases of which some come back, whole or in part, some days later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators import clock, entries
from simulators.codes import Kind
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.relations import purposes, rounded
from simulators.seeds import stream

NAME = "refunds"

_LAGS = (1, 2, 3, 5, 8)
_RETURNED = 0.5


@dataclass(frozen=True)
class Refunds:
    """Purchases of today, and refunds of purchases of the last days."""

    budget: float
    seed: int

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Purchases and refunds of a day; old purchases are recomputed."""
        parts = [self._purchases(ground, day)]
        for lag in _LAGS:
            old = self._purchases(ground, day - lag)
            pick = stream(self.seed, "returned", day - lag).integers(0, len(_LAGS), len(old))
            back = old.take(np.array(_LAGS)[pick] == lag)
            both_ways = ground.network.linked(back.creditor_agent, back.debtor_agent)
            back = back.take(both_ways & (rng.random(len(back)) < _RETURNED))
            part = np.where(rng.random(len(back)) < 0.7, 1.0, rng.uniform(0.2, 0.95, len(back)))
            parts.append(
                entries.rows(
                    clock.minutes(rng, "customer", len(back)),
                    back.amount_cents / 100.0 * part,
                    debtor=back.creditor,
                    creditor=back.debtor,
                    debtor_agent=back.creditor_agent,
                    creditor_agent=back.debtor_agent,
                    purpose=purposes({"REFU": 0.5, "": 0.4, "OTHR": 0.1}, len(back), rng),
                )
            )
        return entries.join(parts)

    def _purchases(self, ground: Ground, day: int) -> Entries:
        ground = ground.on(day)
        rng = stream(self.seed, NAME, day)
        n = int(rng.poisson(self.budget / (1 + _RETURNED)))
        buyers = []
        for share, kind in ((0.6, Kind.PERSON), (0.4, Kind.FIRM)):
            buyers.append(ground.living_pairs(int(n * share), kind, Kind.FIRM, day, rng))
        debtor = np.concatenate([b[0] for b in buyers])
        creditor = np.concatenate([b[1] for b in buyers])
        scale = ground.parties.scale[debtor]
        return entries.rows(
            clock.minutes(rng, "retail", debtor.size),
            rounded(np.exp(scale + rng.normal(0.0, 0.8, debtor.size)), 0.15, rng),
            debtor=debtor,
            creditor=creditor,
            debtor_agent=ground.parties.agent[debtor],
            creditor_agent=ground.parties.agent[creditor],
            purpose=purposes({"": 0.5, "GDDS": 0.3, "SCVE": 0.2}, debtor.size, rng),
        )


def build(_ground: Ground, budget: float, rng: np.random.Generator) -> Refunds:
    """Set the number of purchases; pairs are drawn daily over the links."""
    return Refunds(budget, int(rng.integers(2**62)))
