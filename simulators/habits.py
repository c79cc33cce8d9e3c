"""Lasting habits: benign parties that do the same suspicious-looking thing again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.cases import HORIZON
from simulators.codes import Kind
from simulators.parties import Parties

_SHORTEST: Final = 3
_LONGEST: Final = 9


@dataclass(frozen=True)
class Habits:
    """Who repeats which look-alike, and in which rhythm; arrays of length n.

    Attributes:
        party: int32.
        typology: int64, index of the typology whose look-alike is repeated.
        period, phase: int64, business days.
        first, last: int64, days between which the habit lasts.
    """

    party: npt.NDArray[np.int32]
    typology: npt.NDArray[np.int64]
    period: npt.NDArray[np.int64]
    phase: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @classmethod
    def draw(
        cls, parties: Parties, share: float, typologies: list[int], rng: np.random.Generator
    ) -> Habits:
        """Give a share of the people and firms a habit for life."""
        able = np.flatnonzero(np.isin(parties.kind, (Kind.PERSON, Kind.FIRM)))
        party = rng.choice(able, int(rng.binomial(able.size, share)), replace=False)
        period = rng.integers(_SHORTEST, _LONGEST, party.size)
        born = parties.birth[party].astype(np.int64)
        return cls(
            party=party.astype(np.int32),
            typology=rng.choice(np.array(typologies, dtype=np.int64), party.size),
            period=period,
            phase=rng.integers(0, period),
            first=np.where(born < 0, -HORIZON, born + 1),
            last=parties.death[party].astype(np.int64) - HORIZON,
        )

    def due(self, day: int) -> list[tuple[int, int]]:
        """(typology, party) of the habits that are acted out from a day on."""
        now = (day - self.phase) % self.period == 0
        at = np.flatnonzero(now & (self.first <= day) & (day < self.last))
        return list(zip(self.typology[at].tolist(), self.party[at].tolist(), strict=True))

    def someone_else(self, typology: int, day: int, rng: np.random.Generator) -> int | None:
        """Draw a living party whose habit looks like another typology, None if there is none."""
        at = np.flatnonzero((self.typology != typology) & (self.first <= day) & (day < self.last))
        return int(self.party[rng.choice(at)]) if at.size else None
