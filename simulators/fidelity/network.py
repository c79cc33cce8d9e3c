"""A day's network of participants: its topology, its degrees, and who carries the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.entries import DayLedger
from simulators.topology import FEDWIRE, TOLERANCE, Topology, measure, outside

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_TAIL_FROM: Final = 10
_FULL_PARTICIPANTS: Final = 5_000
_VALUE_SHARE: Final = 0.75

TITLES: Final = {
    "nodes": "participants in the giant strong component",
    "links": "links in it",
    "node_share": "its share of all participants",
    "connectivity": "share of possible links",
    "reciprocity": "share of links that run both ways",
    "degree": "links per participant",
    "max_out": "largest out-degree",
    "max_in": "largest in-degree",
    "path": "mean length of the shortest path",
    "within_2": "share within two hops",
    "within_3": "share within three hops",
    "clustering": "clustering of successors",
    "assortativity": "correlation of degrees over links",
    "out_exponent": "exponent of the out-degrees' tail",
    "in_exponent": "exponent of the in-degrees' tail",
    "value_nodes": "participants that send 75 % of the value",
    "value_links": "links that carry 75 % of the value",
}
"""Measures in words, those of :class:`simulators.topology.Topology` first."""

_BESIDE: Final = {"out_exponent": 2.15, "in_exponent": 2.11, "value_nodes": 66, "value_links": 181}
"""Further values of the published table, which no band judges."""


@dataclass(frozen=True, slots=True)
class DayNetwork:
    """One day's network.

    Attributes:
        topology: of the giant strong component.
        out_degrees, in_degrees: int64 [participants that sent or received].
        value_nodes, value_links: the fewest that make up 75 % of the value.
    """

    topology: Topology
    out_degrees: I64
    in_degrees: I64
    value_nodes: int
    value_links: int

    @property
    def is_full_size(self) -> bool:
        """Whether the network is large enough to be judged by Fedwire's."""
        return self.out_degrees.size >= _FULL_PARTICIPANTS

    def outside(self) -> tuple[str, ...]:
        """Measures outside their bands; none of a network that is too small to be judged."""
        return tuple(outside(self.topology)) if self.is_full_size else ()

    def value(self, name: str) -> float:
        """A measure of :data:`TITLES`."""
        match name:
            case "out_exponent":
                return tail_exponent(self.out_degrees)
            case "in_exponent":
                return tail_exponent(self.in_degrees)
            case "value_nodes" | "value_links":
                return float(getattr(self, name))
        return float(getattr(self.topology, name))


def fedwire_value(name: str) -> float:
    """The published value of a measure of :data:`TITLES`."""
    return float(_BESIDE[name] if name in _BESIDE else getattr(FEDWIRE, name))


def tolerance(name: str) -> float | None:
    """The band of a measure around the published value, where one is set."""
    return None if name in _BESIDE else float(getattr(TOLERANCE, name))


def tail_exponent(degrees: I64, start: int = _TAIL_FROM) -> float:
    """Exponent of a discrete power law from ``start`` on (Clauset et al. 2009, eq. 3.7)."""
    tail = degrees[degrees >= start].astype(np.float64)
    if tail.size < 2:
        return float("nan")
    return float(1.0 + tail.size / np.log(tail / (start - 0.5)).sum())


def carriers(value: F64, share: float = _VALUE_SHARE) -> int:
    """How many of the largest values make up a share of their sum."""
    running = np.cumsum(np.sort(value)[::-1])
    return int(np.searchsorted(running, share * running[-1])) + 1


def day_network(ledger: DayLedger) -> DayNetwork:
    """Measure the network of one day's payments."""
    dollars = ledger.amount_cents / 100.0
    width = int(max(ledger.debtor_agent.max(), ledger.creditor_agent.max())) + 1
    keys, link = np.unique(
        ledger.debtor_agent.astype(np.int64) * width + ledger.creditor_agent, return_inverse=True
    )
    sender, receiver = np.divmod(keys, width)
    active = np.unique(np.concatenate([sender, receiver]))
    return DayNetwork(
        topology=measure(ledger.debtor_agent, ledger.creditor_agent),
        out_degrees=np.bincount(sender, minlength=width)[active],
        in_degrees=np.bincount(receiver, minlength=width)[active],
        value_nodes=carriers(np.bincount(ledger.debtor_agent, dollars).astype(np.float64)),
        value_links=carriers(np.bincount(link, dollars).astype(np.float64)),
    )
