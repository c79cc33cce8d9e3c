"""The world: participants, parties, behaviours and schemes as payments in time order.

Every day is a function of the configuration and its index alone, so days may be made in
any order, by any process, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.payment import Payment
from simulators import entries, liquidity, names, network, parties, returns, statements
from simulators.behaviours import FAMILIES, Behaviour
from simulators.calendar import CUSTOMER_CUTOFF, OPEN_MINUTES, Calendar
from simulators.cases import HORIZON
from simulators.clock import MINUTE_MS
from simulators.codes import BANK, CUSTOMER, Kind
from simulators.entries import DayLedger, Entries
from simulators.ground import Ground
from simulators.habits import Habits
from simulators.liquidity import Reserves
from simulators.network import Network
from simulators.parties import Parties
from simulators.schemes import MEAN_CULPRITS, Prevalence, Schemes
from simulators.seeds import U64, stream
from simulators.switches import Switches
from simulators.truth import Truth
from simulators.typologies import TYPOLOGIES

_MEAN_LENGTH: Final = 5
"""Days of a scheme before it is over, on average: older ones reach into the first days."""
_CUTOFF_MS: Final = (CUSTOMER_CUTOFF - 1) * MINUTE_MS
_LAST_MS: Final = OPEN_MINUTES * MINUTE_MS - 1
_MOST_CENTS: Final = 10_000_000_000_00


@dataclass(frozen=True)
class WorldConfig:
    """What a world is made from; equal configurations give identical bytes.

    Attributes:
        participants: banks.
        parties: customers that live at the start.
        days: business days.
        seed: decides everything that is drawn.
        start: first day (the next business day if it is none).
        payments_per_day: mean number of payments; None: two and a half per party.
        birth_rate: new parties per living party and day.
        risky_share: share of all parties that are culprits of a scheme at some time.
        lookalikes: benign look-alikes for each scheme, at least 1.
        difficulty: mean difficulty of schemes, in (0, 1).
        fresh_share: share of culprits that were born shortly before.
        camouflage: ordinary payments that culprits make beside a scheme, as a share.
        habit_share: share of people and firms that repeat a look-alike for life.
        turned: share of schemes led by a party with a benign habit of another kind.
        switches: what changes on a given day.
    """

    participants: int = 200
    parties: int = 3000
    days: int = 20
    seed: int = 7
    start: date = date(2026, 1, 5)
    payments_per_day: int | None = None
    birth_rate: float = 0.01
    risky_share: float = 0.004
    lookalikes: float = 1.5
    difficulty: float = 0.4
    fresh_share: float = 0.7
    camouflage: float = 0.5
    habit_share: float = 0.0015
    turned: float = 0.1
    switches: Switches = field(default_factory=Switches)

    def __post_init__(self) -> None:
        """Refuse sizes that no world can have.

        Raises:
            ValueError: a value is out of its range; the message says which and why.
        """
        if not 4 <= self.participants <= names.MOST_PARTICIPANTS:
            raise ValueError(f"participants must be between 4 and {names.MOST_PARTICIPANTS}")
        if self.parties < 60:
            raise ValueError("parties must be at least 60, so that every kind is there")
        if self.days < 1:
            raise ValueError("days must be at least 1")
        if self.seed < 0:
            raise ValueError("seed must not be negative")
        if not 0 < self.difficulty < 1:
            raise ValueError("difficulty must lie between 0 and 1")
        if self.lookalikes < 1:
            raise ValueError("lookalikes must be at least 1: schemes hide behind them")
        for name in (
            "birth_rate",
            "risky_share",
            "fresh_share",
            "camouflage",
            "habit_share",
            "turned",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        known = {t.name for t in TYPOLOGIES} | {f.name for f in FAMILIES}
        for name, _ in self.switches.typology_days + self.switches.family_days:
            if name not in known:
                raise ValueError(f"switches name {name!r}, which is no typology or family")


class World:
    """A synthetic Fedwire.

    Attributes:
        config: what it was made from.
        ground: network, parties and calendar.
        schemes: truth about schemes, by the day on which they start.
    """

    def __init__(self, config: WorldConfig) -> None:
        """Found participants, parties and standing relations (about 1 s per 100,000 parties)."""
        self.config = config
        seed = config.seed
        per_day = config.payments_per_day or int(2.5 * config.parties)
        links = network.link_target(config.participants, per_day)
        net = network.grow(config.participants, links, stream(seed, "network"))
        people = parties.settle(
            net, config.parties, config.days, config.birth_rate, stream(seed, "parties")
        )
        calendar = Calendar.starting(config.start, config.days)
        self.ground = Ground(net, people, calendar)
        self._behaviours: tuple[Behaviour, ...] = tuple(
            family.found(self.ground, family.share * per_day, seed) for family in FAMILIES
        )
        habitual = [i for i, typology in enumerate(TYPOLOGIES) if typology.habitual]
        habits = Habits.draw(people, config.habit_share, habitual, stream(seed, "habits"))
        self.schemes = Schemes(self.ground, seed, self._prevalence(), habits, config.switches)
        self._reserves = Reserves.draw(config.participants, stream(seed, "reserves"))

    def _prevalence(self) -> Prevalence:
        config = self.config
        culprits = config.risky_share * len(self.parties)
        return Prevalence(
            schemes_per_day=culprits / MEAN_CULPRITS / (config.days + _MEAN_LENGTH),
            lookalikes=config.lookalikes,
            difficulty=config.difficulty,
            fresh_share=config.fresh_share,
            camouflage=config.camouflage,
            turned=config.turned,
        )

    @property
    def parties(self) -> Parties:
        """All parties, born or not yet."""
        return self.ground.parties

    @property
    def network(self) -> Network:
        """Participants' fitness and links."""
        return self.ground.network

    @property
    def calendar(self) -> Calendar:
        """Business days."""
        return self.ground.calendar

    def routing_numbers(self) -> list[str]:
        """Routing number of each participant, by index."""
        return [names.routing_number(i) for i in range(self.config.participants)]

    def accounts(self) -> list[str]:
        """Account number of each party, by index."""
        return [statements.account_of(self.config.seed, i) for i in range(len(self.parties))]

    def uetr_words(self, ledger: DayLedger) -> tuple[U64, U64]:
        """High and low 64 bits of the UETR of each row (before the version bits are set).

        Those of returns are not used: theirs follow from the original's and their message.
        """
        rows = np.arange(len(ledger), dtype=np.int64)
        return statements.uetr_words(self.config.seed, ledger.day, rows)

    def day(self, index: int) -> DayLedger:
        """Make the ledger of one day.

        Raises:
            IndexError: the world has no such day.
        """
        if not 0 <= index < self.config.days:
            raise IndexError(f"day {index} is not one of 0 to {self.config.days - 1}")
        ground = self.ground.on(index)
        parts: list[Entries] = []
        for number, (family, behaviour) in enumerate(zip(FAMILIES, self._behaviours, strict=True)):
            begins = self.config.switches.begins(family.name)
            if begins is not None and index < begins:
                continue
            rng = stream(self.config.seed, "day", family.name, index)
            made = behaviour.entries(ground, index, rng)
            made.family[:] = number
            parts.append(made)
        parts.append(self._unused_links(parts, index))
        planned = self.schemes.entries(index)
        planned.family[:] = len(FAMILIES)
        parts.append(planned)
        whole = entries.join(parts)
        whole = self.config.switches.drift(whole.take(self._settles(whole, index)), index)
        np.clip(whole.amount_cents, 1, _MOST_CENTS, out=whole.amount_cents)
        rng = stream(self.config.seed, "holds", index)
        liquidity.apply_holds(whole, self.schemes.holds(index), rng)
        np.clip(whole.offset_ms, 0, _LAST_MS, out=whole.offset_ms)
        whole = liquidity.queue(whole, self._reserves.caps(whole), _CUTOFF_MS)
        back = returns.draw(whole, self.network, stream(self.config.seed, "returns", index))
        return DayLedger.sorted(
            index,
            int(self.calendar.open_ms[index]),
            entries.join([whole, back.rows]),
            back.original,
            back.reason,
        )

    def _unused_links(self, parts: list[Entries], index: int) -> Entries:
        """One spot payment over each link that nobody used, so that the day's network is whole."""
        ground = self.ground.on(index)
        net = self.network
        pairs = net.sender.astype(np.int64) * net.participants + net.receiver
        used = [
            p.debtor_agent.astype(np.int64) * net.participants + p.creditor_agent for p in parts
        ]
        link = np.flatnonzero(~np.isin(pairs, np.concatenate(used)))
        rng = stream(self.config.seed, "unused", index)
        debtor = ground.at_agents(net.sender[link], Kind.FIRM, rng)
        creditor = ground.at_agents(net.receiver[link], Kind.FIRM, rng)
        lived = self.parties.alive(debtor, index) & self.parties.alive(creditor, index)
        known = (debtor >= 0) & (creditor >= 0) & lived
        n = link.size
        return entries.rows(
            60.0 * rng.uniform(6, 20, n),
            np.exp(rng.normal(10.4, 1.6, n)),
            debtor=np.where(known, debtor, -1),
            creditor=np.where(known, creditor, -1),
            debtor_agent=net.sender[link],
            creditor_agent=net.receiver[link],
            message_type=np.where(known, CUSTOMER, BANK),
            local_instrument=np.where(known, 0, 3),
            family=len(FAMILIES) - 1,
        )

    def _settles(self, whole: Entries, index: int) -> npt.NDArray[np.bool_]:
        """Payments between the living that cross banks; a bank's own books are not seen."""
        lived = self.parties.alive(whole.debtor, index) & self.parties.alive(whole.creditor, index)
        return np.asarray(lived & (whole.debtor_agent != whole.creditor_agent), dtype=np.bool_)

    def days(self) -> Iterator[DayLedger]:
        """Ledgers of all days; memory does not grow with their number."""
        for index in range(self.config.days):
            yield self.day(index)

    def payments(self) -> Iterator[Payment]:
        """All payments in time order, as the canonical message."""
        for ledger in self.days():
            for row in range(len(ledger)):
                yield payment_at(self, ledger, row)

    @cached_property
    def truth(self) -> Truth:
        """What is true of the whole world's schemes and look-alikes; made when first asked."""
        first_days = range(-HORIZON, self.config.days)
        planned = self.schemes
        return Truth(tuple(s for day in first_days for s in planned.summaries(day)))


def payment_at(world: World, ledger: DayLedger, row: int) -> Payment:
    """Write one row of a world's ledger as the canonical payment, without any truth."""
    return statements.write(world.config.seed, world.ground, ledger, row)
