"""Two textbook cascades to compare with: Watts's threshold, and the independent cascade."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np

_EXACT_EDGES = 20


def threshold_waves(
    graph: nx.DiGraph[int], active: set[int], theta: float
) -> tuple[tuple[int, ...], ...]:
    """Waves of nodes whose share of active predecessors reaches ``theta`` (Watts 2002).

    Raises:
        ValueError: theta outside (0, 1], or an unknown node among the active.
    """
    if not 0 < theta <= 1 or not active <= set(graph):
        raise ValueError("theta must lie in (0, 1] and the active nodes in the graph")
    on = set(active)
    waves: list[tuple[int, ...]] = []
    while True:
        newly = sorted(
            node
            for node in graph
            if node not in on
            and graph.in_degree(node)
            and sum(u in on for u in graph.predecessors(node)) >= theta * graph.in_degree(node)
        )
        if not newly:
            return tuple(waves)
        waves.append(tuple(newly))
        on.update(newly)


def activation_probability(
    graph: nx.DiGraph[int], active: set[int], *, weight: str = "probability"
) -> dict[int, float]:
    """Exact probability that each node becomes active in the independent cascade.

    Sums over all subsets of live edges (Kempe, Kleinberg and Tardos 2003).

    Raises:
        ValueError: more than 20 edges; sample with :func:`sampled_activation` instead.
    """
    edges = [(u, v, float(data[weight])) for u, v, data in graph.edges(data=True)]
    if len(edges) > _EXACT_EDGES:
        raise ValueError("too many edges for the exact sum: sample instead")
    totals = dict.fromkeys(graph, 0.0)
    for live in product((False, True), repeat=len(edges)):
        chance = 1.0
        for (_, _, p), on in zip(edges, live, strict=True):
            chance *= p if on else 1.0 - p
        if chance > 0.0:
            kept = [(u, v) for (u, v, _), on in zip(edges, live, strict=True) if on]
            for node in _reached(kept, active):
                totals[node] += chance
    return totals


def sampled_activation(
    graph: nx.DiGraph[int],
    active: set[int],
    samples: int,
    seed: int,
    *,
    weight: str = "probability",
) -> dict[int, float]:
    """The same by ``samples`` draws of live edges."""
    rng = np.random.default_rng(seed)
    pairs = list(graph.edges)
    chances = np.array([float(graph.edges[pair][weight]) for pair in pairs])
    totals = dict.fromkeys(graph, 0)
    for _ in range(samples):
        live = np.flatnonzero(rng.random(len(pairs)) < chances).tolist()
        for node in _reached([pairs[i] for i in live], active):
            totals[node] += 1
    return {node: count / samples for node, count in totals.items()}


def _reached(edges: list[tuple[int, int]], active: set[int]) -> set[int]:
    following: dict[int, list[int]] = {}
    for u, v in edges:
        following.setdefault(u, []).append(v)
    reached, stack = set(active), list(active)
    while stack:
        for node in following.get(stack.pop(), ()):
            if node not in reached:
                reached.add(node)
                stack.append(node)
    return reached
