"""Which schemes and look-alikes start on a day, and what each has planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from simulators import entries
from simulators.cases import HORIZON, Case
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.seeds import stream
from simulators.typologies import TYPOLOGIES

MEAN_CULPRITS: Final = 3.0
_PER_DAY: Final = 1 << 16


@dataclass(frozen=True)
class Scheme:
    """What the truth says of a scheme or look-alike.

    Attributes:
        ident: unique id, also in the ledger's ``scheme`` column.
        typology: index into ``TYPOLOGIES``.
        benign: a look-alike.
        difficulty: 0 to 1.
        day: first day (negative: it began before the world did).
        onset_ms: UTC ms of the first visible risky payment (for a look-alike: of its first
            payment), -1 if there is none in the world's days.
        members: party index and role of everyone in it.
    """

    ident: int
    typology: int
    benign: bool
    difficulty: float
    day: int
    onset_ms: int
    members: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Prevalence:
    """How much risk a world holds.

    Attributes:
        schemes_per_day: mean number of risky schemes that start on a day.
        lookalikes: mean number of look-alikes for each scheme; at least 1.
        difficulty: mean difficulty, in (0, 1).
        fresh_share: share of culprits that are newly born.
        camouflage: ordinary payments of culprits, as a share.
    """

    schemes_per_day: float
    lookalikes: float
    difficulty: float
    fresh_share: float
    camouflage: float


@dataclass
class Schemes:
    """Plans schemes day by day; a plan depends on the seed and its first day alone."""

    ground: Ground
    seed: int
    prevalence: Prevalence
    _planned: dict[int, list[tuple[Scheme, Case]]] = field(default_factory=dict, repr=False)

    def summaries(self, day: int) -> list[Scheme]:
        """Schemes and look-alikes that start on a day, without their payments."""
        return [scheme for scheme, _ in self._draw(day)]

    def entries(self, day: int) -> Entries:
        """Payments that schemes have planned for a day."""
        for old in [d for d in self._planned if d < day - HORIZON]:
            del self._planned[old]
        parts: list[Entries] = []
        for first in range(day - HORIZON, day + 1):
            parts.extend(case.rows_of(day - first) for _, case in self._plans(first))
        return entries.join(parts)

    def _plans(self, day: int) -> list[tuple[Scheme, Case]]:
        if day not in self._planned:
            self._planned[day] = self._draw(day)
        return self._planned[day]

    def _draw(self, day: int) -> list[tuple[Scheme, Case]]:
        rng = stream(self.seed, "starts", day)
        plans: list[tuple[Scheme, Case]] = []
        for index in range(len(TYPOLOGIES)):
            mean = self.prevalence.schemes_per_day / len(TYPOLOGIES)
            risky = int(rng.poisson(mean))
            extra = int(rng.poisson(mean * max(self.prevalence.lookalikes - 1.0, 0.0)))
            for benign in [False] * risky + [True] * (risky + extra):
                plans.append(self._plan(index, benign, day, len(plans)))
        return plans

    def _plan(self, index: int, benign: bool, day: int, ordinal: int) -> tuple[Scheme, Case]:
        typology = TYPOLOGIES[index]
        rng = stream(self.seed, typology.name, day, ordinal)
        mean = self.prevalence.difficulty
        case = Case(
            ident=(day + HORIZON) * _PER_DAY + ordinal,
            benign=benign,
            difficulty=float(rng.beta(4 * mean, 4 * (1 - mean))),
            day=day,
            ground=self.ground,
            rng=rng,
            fresh_share=self.prevalence.fresh_share,
            camouflage_share=self.prevalence.camouflage,
            risky_roles=typology.risky_roles,
        )
        (typology.lookalike if benign else typology.plan)(case)
        scheme = Scheme(
            ident=case.ident,
            typology=index,
            benign=benign,
            difficulty=case.difficulty,
            day=day,
            onset_ms=self._onset(case, day),
            members=tuple(case.members.items()),
        )
        return scheme, case

    def _onset(self, case: Case, day: int) -> int:
        offset, ms = case.onset(max(-day, 0))
        days = self.ground.calendar.open_ms
        return int(days[day + offset]) + ms if 0 <= day + offset < days.size else -1
