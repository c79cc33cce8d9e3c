"""Which schemes and look-alikes start on a day, and what each has planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

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


@dataclass
class Schemes:
    """Plans schemes day by day; a plan depends on the seed and its first day alone."""

    ground: Ground
    seed: int
    prevalence: Prevalence
    habits: Habits
    switches: Switches
    _planned: dict[int, list[tuple[Scheme, Case]]] = field(default_factory=dict, repr=False)

    def summaries(self, day: int) -> list[Scheme]:
        """Schemes and look-alikes that start on a day, without their payments."""
        return [scheme for scheme, _ in self._draw(day)]

    def entries(self, day: int) -> Entries:
        """Payments that schemes have planned for a day."""
        return entries.join([case.rows_of(offset) for offset, case in self._running(day)])

    def holds(self, day: int) -> list[Hold]:
        """Delays of banks' payments that schemes have planned for a day."""
        return [h for offset, case in self._running(day) for h in case.holds if h.offset == offset]

    def _running(self, day: int) -> Iterator[tuple[int, Case]]:
        for old in [d for d in self._planned if d < day - HORIZON]:
            del self._planned[old]
        for first in range(day - HORIZON, day + 1):
            if first not in self._planned:
                self._planned[first] = self._draw(first)
            for _, case in self._planned[first]:
                yield day - first, case

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
            ground=self.ground,
            rng=rng,
            fresh_share=self.prevalence.fresh_share,
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
