"""The daily network has Fedwire's shape, on several seeds."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators import network, topology
from simulators.seeds import stream
from simulators.world import World, WorldConfig


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_of_full_size_meets_the_published_table(seed: int) -> None:
    size = WorldConfig(
        participants=6600, parties=20_000, days=1, payments_per_day=340_000, seed=seed
    )
    ledger = World(size).day(0)
    measured = topology.measure(ledger.debtor_agent, ledger.creditor_agent)
    assert topology.outside(measured) == {}


@settings(max_examples=20, deadline=None)
@given(
    participants=st.integers(4, 120),
    volume=st.integers(40, 5000),
    seed=st.integers(0, 2**31),
)
def test_a_network_has_its_links_once_each_and_no_loop(
    participants: int, volume: int, seed: int
) -> None:
    wanted = network.link_target(participants, volume)
    grown = network.grow(participants, wanted, stream(seed, "network"))
    pairs = list(zip(grown.sender.tolist(), grown.receiver.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs) == wanted
    assert all(a != b for a, b in pairs)
    assert pairs == sorted(pairs)
    reverse = grown.linked(grown.receiver, grown.sender)
    assert reverse.tolist() == [(b, a) in set(pairs) for a, b in pairs]


def test_measures_agree_with_networkx() -> None:
    grown = network.grow(110, 900, stream(4, "network"))
    measured = topology.measure(grown.sender, grown.receiver)
    graph = nx.DiGraph(list(zip(grown.sender.tolist(), grown.receiver.tolist(), strict=True)))
    core = graph.subgraph(max(nx.strongly_connected_components(graph), key=len))
    assert measured.nodes == core.number_of_nodes()
    assert measured.links == core.number_of_edges()
    assert measured.reciprocity == pytest.approx(nx.overall_reciprocity(core))
    assert measured.path == pytest.approx(nx.average_shortest_path_length(core))
    successors = [set(core.successors(v)) for v in core if core.out_degree(v) > 1]
    closed = [
        sum(len(s & set(core.successors(q))) for q in s) / (len(s) * (len(s) - 1))
        for s in successors
    ]
    assert measured.clustering == pytest.approx(np.mean(closed))
