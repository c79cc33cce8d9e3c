"""Renewal: standing relations end with those who hold them, and others take their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from simulators.entries import Entries
from simulators.ground import CHAPTER, Ground
from simulators.relations import Standings
from simulators.seeds import stream

_GAUGE: Final = 0.1
_MOST: Final = 6.0


@dataclass
class Renewed:
    """A behaviour whose relations are topped up to its budget at the start of each chapter.

    Chapters are made in order, from the first on when a day before the present one is asked
    for, so that a day is the same whenever it is made.

    Attributes:
        name: of the family.
        build: founds relations on a ground with a budget of payments per day.
        budget: payments per day that it should give.
        seed: of the world.
    """

    name: str
    build: Callable[[Ground, float, np.random.Generator], Standings]
    budget: float
    seed: int
    _number: int = -1
    _now: Standings = field(default_factory=partial(Standings, ()))

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Payments of a day."""
        number = max(day, 0) // CHAPTER
        if number < self._number:
            self._number, self._now = -1, Standings(())
        while self._number < number:
            self._turn_over(ground.on((self._number + 1) * CHAPTER))
        return self._now.entries(ground, day, rng)

    def _turn_over(self, ground: Ground) -> None:
        self._number += 1
        number, last = self._number, min(ground.last, len(ground.calendar.dates))
        missing = max(self.budget - self._now.mean_per_day(ground.first, last), 0.0)
        # How many payments relations give depends on who lives how long: a few tell.
        few = self.build(ground, missing * _GAUGE, stream(self.seed, "gauge", self.name, number))
        given = few.mean_per_day(ground.first, last) / _GAUGE
        budget = missing * min(max(missing / max(given, 1e-9), 1 / _MOST), _MOST)
        more = self.build(ground, budget, stream(self.seed, "found", self.name, number))
        self._now = self._now.renewed(ground.first, more) if self._now.parts else more
