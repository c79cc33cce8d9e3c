"""Participants and the links between them, after the daily Fedwire network.

The generator meets the topology of Soramäki, Bech, Arnold, Glass and Beyeler (2007): Zipf
fitness, a clique of the largest, one-sided participants, and links drawn half from the
sender's side and half from the receiver's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

_ZIPF_SHIFT: Final = 3.0
_ZIPF_EXPONENT: Final = 0.9
_FITNESS_NOISE: Final = 0.04
_HUB_MIXING: Final = 1.35
_CLIQUE: Final = 25
_TWO_SIDED_SHARE: Final = 300 / 6600
_RECEIVE_ONLY: Final = 0.12
_SEND_ONLY: Final = 0.08
_LINKS_PER_PARTICIPANT: Final = 84_000 / 6600
_VALUE_LUCK: Final = 3.0
"""Large values go over far fewer links than payments do (Soramäki and others 2007: three
quarters of the value over 181 of 76,614): what makes two banks close counts thrice."""


@dataclass(frozen=True)
class Network:
    """Directed links between participants, sorted by sender, then receiver.

    Attributes:
        fitness_out, fitness_in: float64 [participants], sum 1.
        sender, receiver: int32 [links].
        weight: float64 [links], share of the payments that go over each link.
    """

    fitness_out: F64
    fitness_in: F64
    sender: I32
    receiver: I32
    weight: F64

    @property
    def participants(self) -> int:
        """Number of participants."""
        return int(self.fitness_out.size)

    def linked(
        self, sender: npt.NDArray[np.integer], receiver: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.bool_]:
        """Tell for each pair of participants whether there is a link from one to the other."""
        own = self.sender.astype(np.int64) * self.participants + self.receiver
        asked = np.asarray(sender, dtype=np.int64) * self.participants + receiver
        at = np.minimum(np.searchsorted(own, asked), own.size - 1)
        return np.asarray(own[at] == asked, dtype=np.bool_)

    def value_weight(self, links: npt.NDArray[np.int64]) -> F64:
        """Share of the large-value payments that go over each of some links (their sum is 1)."""
        size = np.sqrt(self.fitness_out[self.sender[links]] * self.fitness_in[self.receiver[links]])
        weight = size * (self.weight[links] / size) ** _VALUE_LUCK
        return np.asarray(weight / max(weight.sum(), 1e-300), dtype=np.float64)

    def mutual(self) -> npt.NDArray[np.int64]:
        """Indices of the links whose reverse is a link too."""
        return np.flatnonzero(self.linked(self.receiver, self.sender))


def link_target(participants: int, payments_per_day: int) -> int:
    """Links of a daily network: Fedwire's density, as far as size and volume allow."""
    dense = participants * (participants - 1) // 3
    return int(min(_LINKS_PER_PARTICIPANT * participants, dense, max(payments_per_day // 4, 8)))


def grow(participants: int, links: int, rng: np.random.Generator) -> Network:
    """Draw a network with that many links (a clique of the largest included).

    Args:
        participants: number of nodes, at least 4.
        links: distinct directed pairs to draw.
        rng: source of randomness.
    """
    rank = np.arange(participants) + _ZIPF_SHIFT
    noise = rng.lognormal(0.0, _FITNESS_NOISE, (2, participants))
    out, into = rank**-_ZIPF_EXPONENT * noise
    two_sided = max(int(participants * _TWO_SIDED_SHARE), min(participants, 4))
    role = rng.random(participants)
    outside = np.arange(participants) >= two_sided
    sends = ~(outside & (role < _RECEIVE_ONLY))
    receives = ~(outside & (role >= 1.0 - _SEND_ONLY))
    keys = _clique(participants, links)
    while keys.size < links:
        need = int((links - keys.size) * 1.3) + 64
        keys = _first_distinct(
            np.concatenate([keys, _pairs(out * sends, into * receives, need, rng)])
        )
    keys = np.sort(keys[:links])
    sender, receiver = np.divmod(keys, participants)
    weight = np.sqrt(out[sender] * into[receiver]) * rng.lognormal(0.0, 1.0, links)
    return Network(
        out / out.sum(),
        into / into.sum(),
        sender.astype(np.int32),
        receiver.astype(np.int32),
        weight / weight.sum(),
    )


def _clique(participants: int, links: int) -> npt.NDArray[np.int64]:
    size = min(_CLIQUE, int(np.sqrt(max(links // 4, 1))), participants)
    a, b = np.divmod(np.arange(size * size), max(size, 1))
    return np.asarray((a * participants + b)[a != b], dtype=np.int64)


def _pairs(out: F64, into: F64, n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Keys of ``n`` pairs: half (out, in^1.35), half (out^1.35, in), in mixed order."""
    half = n // 2
    sender = np.concatenate([_draw(out, half, rng), _draw(out**_HUB_MIXING, n - half, rng)])
    receiver = np.concatenate([_draw(into**_HUB_MIXING, half, rng), _draw(into, n - half, rng)])
    keys = (sender * out.size + receiver)[sender != receiver]
    return np.asarray(rng.permutation(keys), dtype=np.int64)


def _draw(weight: F64, n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    cumulative = np.cumsum(weight)
    drawn = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
    return np.asarray(drawn, dtype=np.int64)


def _first_distinct(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    _, first = np.unique(keys, return_index=True)
    return keys[np.sort(first)]
