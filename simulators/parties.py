"""Who stands behind the participants: customers with a kind, a country and a life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.codes import COUNTRIES, KIND_SHARES, Kind
from simulators.network import Network

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]

FOREVER: Final = 2**30

_SCALE: Final = {
    Kind.PERSON: (8.5, 1.1),
    Kind.FIRM: (10.9, 1.5),
    Kind.FUND: (13.2, 1.5),
    Kind.ACQUIRER: (10.2, 1.0),
    Kind.REMITTER: (9.4, 1.0),
    Kind.EXCHANGE: (10.0, 1.2),
    Kind.GOVERNMENT: (11.0, 1.0),
    Kind.CORRESPONDENT: (11.5, 1.4),
    Kind.PROPERTY: (10.6, 1.3),
    Kind.LENDER: (11.8, 1.2),
}
"""Mean and deviation of the log of a party's usual amount in dollars."""

_ACTIVITY_SPREAD: Final = 1.4
_HUB_KINDS: Final = (Kind.ACQUIRER, Kind.REMITTER, Kind.EXCHANGE, Kind.GOVERNMENT)
_FOREIGN: Final = {Kind.CORRESPONDENT: 0.85, Kind.FIRM: 0.16, Kind.PERSON: 0.1, Kind.FUND: 0.3}
_MEAN_LIFE: Final = 0.8


@dataclass(frozen=True)
class Parties:
    """All customers that live at some time of the world; arrays of length M.

    Attributes:
        kind: int8, :class:`simulators.codes.Kind`.
        agent: int32, the participant that keeps the account.
        country: int8, index into ``COUNTRIES``.
        birth, death: int32, first and last-plus-one day index (negative: before the start).
        activity: float32, heavy-tailed weight with which the party takes part.
        scale: float32, log of its usual amount in dollars.
    """

    kind: I8
    agent: I32
    country: I8
    birth: I32
    death: I32
    activity: F32
    scale: F32

    def __len__(self) -> int:
        return int(self.kind.size)

    def alive(self, index: npt.NDArray[np.integer], day: int) -> npt.NDArray[np.bool_]:
        """Tell for each party index (-1, a bank: always) whether it lives on a day."""
        inside = (self.birth[index] <= day) & (day < self.death[index])
        return np.asarray(inside | (index < 0), dtype=np.bool_)


def settle(
    network: Network, parties: int, days: int, birth_rate: float, rng: np.random.Generator
) -> Parties:
    """Found a population of ``parties`` and let ``birth_rate`` of it be born each day.

    At least one party is born on every day; as many die, so the number stays level.

    Args:
        network: participants to bank with.
        parties: how many live at the start.
        days: business days of the world.
        birth_rate: births per living party and day.
        rng: source of randomness.
    """
    births = np.maximum(rng.poisson(birth_rate * parties, days), 1)
    birth = np.concatenate(
        [-rng.integers(1, 2000, parties), np.repeat(np.arange(days), births)]
    ).astype(np.int32)
    total = birth.size
    kind = _kinds(parties, total, rng)
    life = rng.exponential(_MEAN_LIFE / max(birth_rate, 1e-9), total) + 15.0
    death = np.minimum(np.maximum(birth, 0) + life, FOREVER).astype(np.int32)
    death[~np.isin(kind, (Kind.PERSON, Kind.FIRM))] = FOREVER
    scale = np.zeros(total, dtype=np.float32)
    for value, (mean, spread) in _SCALE.items():
        at = kind == value
        scale[at] = rng.normal(mean, spread, int(at.sum()))
    activity = rng.lognormal(0.0, _ACTIVITY_SPREAD, total).astype(np.float32)
    return Parties(
        kind=kind,
        agent=_agents(network, kind, parties, rng),
        country=_countries(kind, rng),
        birth=birth,
        death=death,
        activity=activity,
        scale=scale,
    )


def _kinds(parties: int, total: int, rng: np.random.Generator) -> I8:
    """Every kind is there at the start; newborns are people, firms, funds, landlords."""
    share = np.array(KIND_SHARES)
    kind = rng.choice(len(share), total, p=share / share.sum()).astype(np.int8)
    late = np.arange(total) >= parties
    hub = np.isin(kind, _HUB_KINDS)
    kind[late & hub] = Kind.FIRM
    for i, value in enumerate(np.repeat(np.arange(len(share)), 2)):
        kind[i % parties] = value
    return kind


def _agents(network: Network, kind: I8, parties: int, rng: np.random.Generator) -> I32:
    """Customers choose banks by size; each bank has a person and a firm where there are enough."""
    weight = np.sqrt(network.fitness_in * network.fitness_out)
    weight = 0.9 * weight / weight.sum() + 0.1 / weight.size
    agent = rng.choice(network.participants, kind.size, p=weight)
    large = max(network.participants // 40, 3)
    for value in _HUB_KINDS:
        at = np.flatnonzero(kind == value)
        agent[at] = rng.integers(0, min(large, network.participants), at.size)
    for value in (Kind.PERSON, Kind.FIRM):
        at = np.flatnonzero(kind[:parties] == value)[: network.participants]
        if at.size == network.participants:
            agent[at] = rng.permutation(network.participants)
    return agent.astype(np.int32)


def _countries(kind: I8, rng: np.random.Generator) -> I8:
    share = np.array([weight for _, weight in COUNTRIES])
    abroad = share[1:] / share[1:].sum()
    country = np.zeros(kind.size, dtype=np.int8)
    for value, foreign in _FOREIGN.items():
        at = np.flatnonzero((kind == value) & (rng.random(kind.size) < foreign))
        country[at] = 1 + rng.choice(abroad.size, at.size, p=abroad)
    return country
