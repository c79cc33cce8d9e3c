"""Which schemes and look-alikes start on a day, and what each has planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators import entries
from simulators.cases import HORIZON, Case
from simulators.entries import Entries
from simulators.ground import Ground
from simulators.habits import Habits
from simulators.liquidity import Hold
from simulators.seeds import stream
from simulators.switches import Switches
from simulators.typologies import TYPOLOGIES

MEAN_CULPRITS: Final = 3.3
_TWIN_FRESHNESS: Final = 0.65
"""Look-alikes are led by newborns too, if less often than schemes."""
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
        onset_ms: UTC ms at which the first risky payment is ordered (for a look-alike: the
            first payment) within the world's days; -1 if none is. Queues may settle it later.
        habit: a look-alike that its leading party repeats for life.
        members: party index and role of everyone in it (a bank: -1 minus its index).
    """

    ident: int
    typology: int
    benign: bool
    difficulty: float
    day: int
    onset_ms: int
    habit: bool
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
        turned: share of schemes that are led by a party with a benign habit of another kind.
    """

    schemes_per_day: float
    lookalikes: float
    difficulty: float
    fresh_share: float
    camouflage: float
    turned: float


@dataclass(frozen=True)
class _Cohort:
    """What the cases of one first day have planned, by offset from that day."""

    holds: tuple[Hold, ...]
    offset: npt.NDArray[np.int64]
    rows: Entries

    @classmethod
    def of(cls, cases: list[Case]) -> _Cohort:
        planned = [case.planned() for case in cases]
        offset = np.concatenate([np.zeros(0, dtype=np.int64), *(days for days, _ in planned)])
        order = np.argsort(offset, kind="stable")
        rows = entries.join([made for _, made in planned]).take(order)
        return cls(tuple(hold for case in cases for hold in case.holds), offset[order], rows)

    def entries(self, offset: int) -> Entries:
        low, high = np.searchsorted(self.offset, (offset, offset + 1))
        return self.rows.take(slice(int(low), int(high)))


@dataclass
class Schemes:
    """Plans schemes day by day; a plan depends on the seed and its first day alone."""

    ground: Ground
    seed: int
    prevalence: Prevalence
    habits: Habits
    switches: Switches
    _cohorts: dict[int, _Cohort] = field(default_factory=dict, repr=False)

    def summaries(self, day: int) -> list[Scheme]:
        """Schemes and look-alikes that start on a day, without their payments."""
        return [scheme for scheme, _ in self._draw(day)]

    def entries(self, day: int) -> Entries:
        """Payments that schemes have planned for a day."""
        return entries.join([cohort.entries(offset) for offset, cohort in self._running(day)])

    def holds(self, day: int) -> list[Hold]:
        """Delays of banks' payments that schemes have planned for a day."""
        return [
            hold
            for offset, cohort in self._running(day)
            for hold in cohort.holds
            if hold.offset == offset
        ]

    def _running(self, day: int) -> Iterator[tuple[int, _Cohort]]:
        for old in [d for d in self._cohorts if d < day - HORIZON]:
            del self._cohorts[old]
        for first in range(day - HORIZON, day + 1):
            if first not in self._cohorts:
                self._cohorts[first] = _Cohort.of([case for _, case in self._draw(first)])
            yield day - first, self._cohorts[first]

    def _draw(self, day: int) -> list[tuple[Scheme, Case]]:
        rng = stream(self.seed, "starts", day)
        plans: list[tuple[Scheme, Case]] = []
        weights = sum(t.weight for t in TYPOLOGIES)
        for index, typology in enumerate(TYPOLOGIES):
            mean = self.prevalence.schemes_per_day * typology.weight / weights
            risky = int(rng.poisson(mean))
            extra = int(rng.poisson(mean * max(self.prevalence.lookalikes - 1.0, 0.0)))
            begins = self.switches.begins(typology.name)
            known = begins is None or begins <= day
            for _ in range(risky if known else 0):
                turned = typology.habitual and rng.random() < self.prevalence.turned
                leader = self.habits.someone_else(index, day, rng) if turned else None
                plans.append(self._plan(index, False, day, len(plans), leader, habit=False))
            for _ in range(risky + extra):
                plans.append(self._plan(index, True, day, len(plans), None, habit=False))
        for index, party in self.habits.due(day):
            plans.append(self._plan(index, True, day, len(plans), party, habit=True))
        return plans

    def _plan(
        self, index: int, benign: bool, day: int, ordinal: int, leader: int | None, *, habit: bool
    ) -> tuple[Scheme, Case]:
        typology = TYPOLOGIES[index]
        rng = stream(self.seed, typology.name, day, ordinal)
        mean = self.prevalence.difficulty
        case = Case(
            ident=(day + HORIZON) * _PER_DAY + ordinal,
            benign=benign,
            difficulty=float(rng.beta(4 * mean, 4 * (1 - mean))),
            day=day,
            ground=self.ground.on(day),
            rng=rng,
            fresh_share=self.prevalence.fresh_share * (_TWIN_FRESHNESS if benign else 1.0),
            camouflage_share=self.prevalence.camouflage,
            risky_roles=typology.risky_roles,
            principal=leader,
        )
        (typology.lookalike if benign else typology.plan)(case)
        scheme = Scheme(
            ident=case.ident,
            typology=index,
            benign=benign,
            difficulty=case.difficulty,
            day=day,
            onset_ms=self._onset(case, day),
            habit=habit,
            members=tuple(case.members.items()),
        )
        return scheme, case

    def _onset(self, case: Case, day: int) -> int:
        offset, ms = case.onset(max(-day, 0))
        days = self.ground.calendar.open_ms
        return int(days[day + offset]) + ms if 0 <= day + offset < days.size else -1
