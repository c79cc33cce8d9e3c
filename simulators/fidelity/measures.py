"""Everything that the fidelity report says of a world, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulators.entries import DayLedger
from simulators.fidelity.motifs import MotifCounts, Payments, count_motifs
from simulators.fidelity.network import DayNetwork, day_network
from simulators.fidelity.rhythm import Rhythm
from simulators.frames import FAMILY_NAMES
from simulators.leakage import LeakageReport, fields_of, leakage
from simulators.truth import Truth
from simulators.typologies import TYPOLOGIES
from simulators.world import World, WorldConfig

_NETWORK_DAYS: Final = 3
_CROWD: Final = 0.3
_LEAKAGE_SIZE: Final = {"participants": 100, "parties": 2500, "days": 8}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TypologyCount:
    """How often a typology shows in a world's days.

    Attributes:
        name: of the typology.
        schemes, lookalikes: with a visible payment.
        risky_sides: sides of payments that it makes risky.
    """

    name: str
    schemes: int
    lookalikes: int
    risky_sides: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Motifs of the world and of another data set, on as many payments an account."""

    name: str
    world: MotifCounts
    other: MotifCounts


@dataclass(frozen=True)
class Fidelity:
    """What was measured of a world.

    Attributes:
        config: the world.
        payments: on all days.
        value: their sum in dollars.
        networks: of each of the first days.
        rhythm: hours, amounts, gaps, newcomers of all days.
        motifs: of the whole world.
        peers: other data sets beside it.
        typologies: prevalence by typology.
        risky_sides: sides of payments that are risky.
        culprits: customers that are risky at some time.
        customers: customers that live at some time.
        leakage: what rules achieve in crowded worlds of the same making.
        crowded: the world in which they were judged.
    """

    config: WorldConfig
    payments: int
    value: float
    networks: tuple[DayNetwork, ...]
    rhythm: Rhythm
    motifs: MotifCounts
    peers: tuple[Peer, ...]
    typologies: tuple[TypologyCount, ...]
    risky_sides: int
    culprits: int
    customers: int
    leakage: LeakageReport
    crowded: WorldConfig


def _between_customers(ledger: DayLedger) -> Payments:
    kept = (ledger.debtor >= 0) & (ledger.creditor >= 0)
    return Payments(
        ledger.debtor[kept].astype(np.int64),
        ledger.creditor[kept].astype(np.int64),
        ledger.event_ms[kept],
        ledger.amount_cents[kept] / 100.0,
    )


def _risky_by_scheme(ledger: DayLedger) -> Mapping[int, int]:
    marks = ledger.debtor_risky.astype(np.int64) + ledger.creditor_risky
    schemes, at = np.unique(ledger.scheme[marks > 0], return_inverse=True)
    sides = np.bincount(at, marks[marks > 0]).astype(np.int64)
    return dict(zip(schemes.tolist(), sides.tolist(), strict=True))


def _typologies(truth: Truth, risky: Mapping[int, int]) -> tuple[TypologyCount, ...]:
    """Count schemes that show; ``risky`` are risky sides by scheme id."""
    schemes, lookalikes, sides = (np.zeros(len(TYPOLOGIES), np.int64) for _ in range(3))
    for scheme in truth.schemes:
        if scheme.onset_ms >= 0:
            (lookalikes if scheme.benign else schemes)[scheme.typology] += 1
        sides[scheme.typology] += risky.get(scheme.ident, 0)
    return tuple(
        TypologyCount(typology.name, int(schemes[i]), int(lookalikes[i]), int(sides[i]))
        for i, typology in enumerate(TYPOLOGIES)
    )


def crowded(config: WorldConfig, seed: int) -> WorldConfig:
    """A small world of the same making that is full of schemes, so that rules can be judged."""
    size = {name: min(getattr(config, name), most) for name, most in _LEAKAGE_SIZE.items()}
    risky = max(config.risky_share, _CROWD)
    return replace(config, seed=seed, risky_share=risky, payments_per_day=None, **size)


def _beside(name: str, own: Payments, other: Payments) -> Peer:
    """Count both on as many payments an account: patterns grow with what is looked at."""
    each = min(len(own) / own.accounts, len(other) / other.accounts)

    def count(data: Payments) -> MotifCounts:
        return count_motifs(data.first(max(int(each * data.accounts), 1)))

    return Peer(name, count(own), count(other))


def measure(
    world: World, peers: Mapping[str, Payments], progress: Progress = lambda _: None
) -> Fidelity:
    """Measure a world: its days once, and two crowded ones for the leakage test.

    About 40 bytes a payment are kept for the motifs and gaps.

    Args:
        world: to look at.
        peers: data sets that motifs are held against, by name.
        progress: is told what begins.
    """
    rhythm = Rhythm(len(world.parties), FAMILY_NAMES)
    networks: list[DayNetwork] = []
    days: list[Payments] = []
    risky: dict[int, int] = {}
    payments, cents = 0, 0
    for index, ledger in enumerate(world.days()):
        progress(f"day {index + 1} of {world.config.days}")
        rhythm.add(ledger, int(world.calendar.open_ms[index]))
        if index < _NETWORK_DAYS:
            networks.append(day_network(ledger))
        days.append(_between_customers(ledger))
        for scheme, count in _risky_by_scheme(ledger).items():
            risky[scheme] = risky.get(scheme, 0) + count
        payments += len(ledger)
        cents += int(ledger.amount_cents.sum())
    progress("motifs")
    own = Payments.joined(days)
    held_against = tuple(_beside(name, own, other) for name, other in peers.items())
    progress("leakage test")
    seen, new = (crowded(world.config, world.config.seed + step) for step in (1, 2))
    return Fidelity(
        config=world.config,
        payments=payments,
        value=cents / 100.0,
        networks=tuple(networks),
        rhythm=rhythm,
        motifs=count_motifs(own),
        peers=held_against,
        typologies=_typologies(world.truth, risky),
        risky_sides=sum(risky.values()),
        culprits=len(world.truth.risky_parties()),
        customers=len(world.parties),
        leakage=leakage(fields_of(World(seen)), fields_of(World(new))),
        crowded=new,
    )
