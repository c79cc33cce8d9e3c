"""Measures of a day's payment network, and the Fedwire values that they should meet.

Targets: Soramäki, Bech, Arnold, Glass and Beyeler (2007), first quarter of 2004.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

_SOURCES: Final = 120
"""Nodes from which path lengths are measured, evenly spaced over the core."""


@dataclass(frozen=True)
class Topology:
    """Measures of the giant strongly connected component of a directed network.

    Attributes:
        nodes, links: of the component.
        node_share: of all active nodes.
        connectivity: links over possible links.
        reciprocity: share of links whose reverse exists.
        degree: mean links per node.
        max_out, max_in: largest degrees.
        path: mean shortest path length.
        within_2, within_3: share of nodes that a node reaches in so many hops.
        clustering: mean share of linked pairs among a node's successors, over nodes with two.
        assortativity: correlation of the two ends' total degrees over links.
    """

    nodes: float
    links: float
    node_share: float
    connectivity: float
    reciprocity: float
    degree: float
    max_out: float
    max_in: float
    path: float
    within_2: float
    within_3: float
    clustering: float
    assortativity: float


FEDWIRE: Final = Topology(
    nodes=5086,
    links=76_614,
    node_share=0.78,
    connectivity=0.0030,
    reciprocity=0.215,
    degree=15.2,
    max_out=1922,
    max_in=2097,
    path=2.62,
    within_2=0.416,
    within_3=0.959,
    clustering=0.53,
    assortativity=-0.25,
)
"""The published table; assortativity is known to be negative, its value is our generator's."""

TOLERANCE: Final = Topology(
    nodes=0.10 * 5086,
    links=0.10 * 76_614,
    node_share=0.03,
    connectivity=0.0003,
    reciprocity=0.03,
    degree=1.5,
    max_out=192,
    max_in=210,
    path=0.10,
    within_2=0.06,
    within_3=0.03,
    clustering=0.05,
    assortativity=0.10,
)
"""Largest distance from :data:`FEDWIRE` that passes: a tenth on counts, points on shares."""


def outside(measured: Topology) -> dict[str, tuple[float, float, float]]:
    """Measures outside their bands, as (measured, target, tolerance) by name."""
    found = {}
    for field in fields(Topology):
        values = [float(getattr(t, field.name)) for t in (measured, FEDWIRE, TOLERANCE)]
        if abs(values[0] - values[1]) > values[2]:
            found[field.name] = (values[0], values[1], values[2])
    return found


def measure(
    sender: npt.NDArray[np.integer[Any]], receiver: npt.NDArray[np.integer[Any]]
) -> Topology:
    """Measure the network of payments between participants.

    Args:
        sender, receiver: participant index of each payment; repeated pairs count once.
    """
    active, index = np.unique(np.concatenate([sender, receiver]), return_inverse=True)
    n = active.size
    pairs = np.unique(index[: sender.size].astype(np.int64) * n + index[sender.size :])
    whole = csr_array((np.ones(pairs.size, np.int32), np.divmod(pairs, n)), shape=(n, n))
    _, label = connected_components(whole, directed=True, connection="strong")
    core = np.flatnonzero(label == np.bincount(label).argmax())
    links = csr_array(whole[core][:, core])
    size, count = core.size, links.nnz
    out, into = np.diff(links.indptr), np.bincount(links.indices, minlength=size)
    path, within_2, within_3 = _reach(links)
    return Topology(
        nodes=size,
        links=count,
        node_share=size / n,
        connectivity=count / (size * (size - 1)),
        reciprocity=float(links.multiply(links.T).sum() / count),
        degree=count / size,
        max_out=int(out.max()),
        max_in=int(into.max()),
        path=path,
        within_2=within_2,
        within_3=within_3,
        clustering=_clustering(links),
        assortativity=_assortativity(links, out + into),
    )


def _reach(links: Any) -> tuple[float, float, float]:
    """Mean path length and the shares reached in 2 and 3 hops, breadth first."""
    size = links.shape[0]
    source = np.unique(np.linspace(0, size - 1, min(_SOURCES, size)).astype(np.int64))
    seen = np.zeros((source.size, size), dtype=bool)
    seen[np.arange(source.size), source] = True
    front, hops, total, shares = seen.copy(), 0, 0.0, []
    backward = links.T.tocsr()
    while front.any():
        hops += 1
        front = (backward @ front.T.astype(np.int32)).T.astype(bool) & ~seen
        seen |= front
        total += hops * float(front.sum())
        shares.append(float(seen.mean()))
    shares += [shares[-1]] * 3
    return total / (source.size * (size - 1)), shares[1], shares[2]


def _clustering(links: Any) -> float:
    out = np.diff(links.indptr)
    closed = np.asarray((links @ links).multiply(links).sum(axis=1)).ravel()
    several = out > 1
    return float((closed[several] / (out[several] * (out[several] - 1.0))).mean())


def _assortativity(links: Any, degree: npt.NDArray[np.integer[Any]]) -> float:
    row = np.repeat(np.arange(links.shape[0]), np.diff(links.indptr))
    return float(np.corrcoef(degree[row], degree[links.indices])[0, 1])
