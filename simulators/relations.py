"""Standing relations between parties: who pays whom, how often, how much, at what hour."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulators import clock
from simulators.calendar import Calendar
from simulators.codes import CUSTOMER, instrument, purpose
from simulators.entries import Entries, join, rows
from simulators.ground import CHAPTER, Ground
from simulators.parties import FOREVER

AT_RANDOM: Final = 0
"""Period of a relation that is due by chance, at its rate."""
MONTHLY: Final = -1
"""Period of one that is due on business day ``phase`` of every month."""
MONTH_END: Final = -2
"""Period of one that is due ``phase`` business days before the month's last."""

_SETTLED: Final = CHAPTER
"""Days over which the old parties' new partners come, in however short a world."""
_OLD_PARTNERS: Final = 0.7
"""Share of old parties' relations that are there when the world begins."""
_DAYS_A_MONTH: Final = 21.0
_LAST_COMMON_DAY: Final = 17


@dataclass(frozen=True, slots=True)
class Relations:
    """Standing orders as columns of length n.

    Attributes:
        debtor, creditor: int32 party indices.
        start, end: int32 first and last-plus-one day.
        period: int16, business days between payments, or one of the constants above.
        phase: int16, day within the period.
        rate: float32, payments per day when due by chance.
        mean, spread: float32, law of the log amount in dollars.
        minute: float32, habitual minute since opening.
        purpose: int8.
    """

    debtor: npt.NDArray[np.int32]
    creditor: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    period: npt.NDArray[np.int16]
    phase: npt.NDArray[np.int16]
    rate: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    spread: npt.NDArray[np.float32]
    minute: npt.NDArray[np.float32]
    purpose: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return int(self.debtor.size)

    def take(self, at: npt.NDArray[Any]) -> Relations:
        """Select relations by index or mask."""
        return Relations(**{f.name: getattr(self, f.name)[at] for f in fields(self)})

    def joined(self, other: Relations) -> Relations:
        """These relations and others."""
        return Relations(
            **{
                f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
                for f in fields(self)
            }
        )

    def due(self, calendar: Calendar, day: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Indices of the relations that pay on a day, repeated where one pays more than once."""
        alive = (self.start <= day) & (day < self.end)
        period = self.period
        regular = (period > 0) & ((day - self.phase) % np.maximum(period, 1) == 0)
        monthly = (period == MONTHLY) & (self.phase == calendar.month_day[day])
        month_end = (period == MONTH_END) & (self.phase == calendar.month_left[day])
        count = (regular | monthly | month_end).astype(np.int64)
        chance = np.flatnonzero((period == AT_RANDOM) & alive)
        count[chance] = rng.poisson(self.rate[chance])
        return np.repeat(np.arange(len(self)), count * alive)


def found(
    ground: Ground,
    debtor: npt.NDArray[np.int32],
    creditor: npt.NDArray[np.int32],
    rng: np.random.Generator,
    **columns: Any,
) -> Relations:
    """Found relations between parties; pairs with NOBODY in them are left out.

    A relation starts when both live: at once for a third, else some days later; old parties
    meet new partners all the time. Columns may be scalars.
    """
    n = debtor.size
    parties = ground.parties
    both = np.maximum(parties.birth[debtor], parties.birth[creditor])
    young = (both >= ground.first) & (both >= 0)
    waits = rng.exponential(3.0, n) * (rng.random(n) > 0.35)
    met = ground.first + rng.random(n) * _SETTLED
    settled = rng.random(n) < (_OLD_PARTNERS if ground.first == 0 else 0.0)
    start = np.where(young, both + waits, np.where(settled, ground.first, met))
    life = np.where(rng.random(n) < 0.25, rng.exponential(90.0, n) + 5, FOREVER - start)
    dead = np.minimum(parties.death[debtor], parties.death[creditor])
    made: dict[str, npt.NDArray[Any]] = {
        "debtor": debtor,
        "creditor": creditor,
        "start": start.astype(np.int32),
        "end": np.minimum(start + life, dead).astype(np.int32),
    }
    types = {
        "period": np.int16,
        "phase": np.int16,
        "rate": np.float32,
        "mean": np.float32,
        "spread": np.float32,
        "minute": np.float32,
        "purpose": np.int8,
    }
    for name, kind in types.items():
        value = np.asarray(columns.get(name, 0), dtype=kind)
        made[name] = np.broadcast_to(value, (n,)).copy()
    valid = (debtor >= 0) & (creditor >= 0) & (debtor != creditor) & (made["end"] > made["start"])
    return Relations(**{name: column[valid] for name, column in made.items()})


def phases(period: npt.NDArray[np.integer], rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Draw a phase for each period, early in the month for monthly ones."""
    span = np.where(period > 0, period, _LAST_COMMON_DAY)
    drawn = rng.random(period.size) * span
    early = (period < 0) & (rng.random(period.size) < 0.35)
    return np.where(early, drawn / 5, drawn).astype(np.int16)


def rounded(
    dollars: npt.NDArray[np.float64], share: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Round a share of the amounts to two significant figures, as people do."""
    step = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(dollars, 1.0))) - 1, 0)
    near = np.maximum(np.rint(dollars / step) * step, 1.0)
    return np.where(rng.random(dollars.size) < share, near, dollars)


@dataclass(frozen=True)
class Standing:
    """A behaviour that pays its standing relations when they are due.

    Attributes:
        relations: the standing orders.
        round_share: share of amounts that are round.
        jitter: minutes around the habitual minute.
        message_type, local_instrument: as in the ledger.
    """

    relations: Relations
    round_share: float = 0.2
    jitter: float = 25.0
    message_type: int = CUSTOMER
    local_instrument: int = instrument("CTRC")

    def mean_per_day(self, first: int, last: int) -> float:
        """Payments per day that the relations give between two days."""
        r = self.relations
        lasts = np.minimum(r.end, last).astype(np.float64) - np.maximum(r.start, first)
        usual = np.where(r.period > 0, 1.0 / np.maximum(r.period, 1), 1.0 / _DAYS_A_MONTH)
        rate = np.where(r.period == AT_RANDOM, r.rate, usual)
        return float((rate * np.maximum(lasts, 0.0)).sum() / (last - first))

    def renewed(self, day: int, more: Standing) -> Standing:
        """The same behaviour without what ended before a day, and with more relations."""
        kept = self.relations.take(self.relations.end > day)
        return replace(self, relations=kept.joined(more.relations))

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Payments of the relations that are due on a day."""
        due = self.relations.take(self.relations.due(ground.calendar, day, rng))
        dollars = np.exp(due.mean + due.spread * rng.standard_normal(len(due)))
        return rows(
            clock.around(rng, due.minute.astype(np.float64), self.jitter),
            rounded(dollars, self.round_share, rng),
            debtor=due.debtor,
            creditor=due.creditor,
            debtor_agent=ground.parties.agent[due.debtor],
            creditor_agent=ground.parties.agent[due.creditor],
            purpose=due.purpose,
            message_type=self.message_type,
            local_instrument=self.local_instrument,
        )


@dataclass(frozen=True)
class Standings:
    """Several sets of standing relations that make one behaviour."""

    parts: tuple[Standing, ...]

    def mean_per_day(self, first: int, last: int) -> float:
        """Payments per day between two days."""
        return sum(part.mean_per_day(first, last) for part in self.parts)

    def renewed(self, day: int, more: Standings) -> Standings:
        """Each part without what ended before a day, and with more relations."""
        pairs = zip(self.parts, more.parts, strict=True)
        return Standings(tuple(old.renewed(day, new) for old, new in pairs))

    def entries(self, ground: Ground, day: int, rng: np.random.Generator) -> Entries:
        """Payments of all parts that are due on a day."""
        return join([part.entries(ground, day, rng) for part in self.parts])


def purposes(choices: dict[str, float], n: int, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """Draw purpose codes by weight."""
    weight = np.array(list(choices.values()))
    codes = np.array([purpose(name) for name in choices], dtype=np.int8)
    return codes[rng.choice(codes.size, n, p=weight / weight.sum())]
