from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.graph import PaymentGraph
from pipeline.contagion.link import RECENT
from pipeline.contagion.settings import DAY_MS, ContagionSettings
from tests.contagion.stream import bank, flow, party, random_log, uetr

SETTINGS = ContagionSettings(half_life_days=0.5, horizon_days=10, tolerance=1e-3)


def check_agreement(graph: PaymentGraph) -> None:
    """NetworkX's edges and both sides' arrays hold the same weights."""
    weighted = {
        (u, v): d["weight"]
        for u, v, d in graph.network.edges(data=True)
        if d["link"].debtor_at >= 0
    }
    outgoing, incoming = {}, {}
    for node in range(len(graph.names)):
        for other, weight in zip(
            graph.outgoing.neighbours(node).tolist(),
            graph.outgoing.weights(node).tolist(),
            strict=True,
        ):
            outgoing[(node, other)] = weight
        for other, weight in zip(
            graph.incoming.neighbours(node).tolist(),
            graph.incoming.weights(node).tolist(),
            strict=True,
        ):
            incoming[(other, node)] = weight
        for rows in (graph.outgoing, graph.incoming):
            assert rows.totals[node] == pytest.approx(rows.weights(node).sum(), rel=1e-12)
    assert outgoing == weighted
    assert incoming == weighted
    for u, v, data in graph.network.edges(data=True):
        link = data["link"]
        if link.debtor_at >= 0:
            assert graph.outgoing.neighbours(u)[link.debtor_at] == v
            assert graph.incoming.neighbours(v)[link.creditor_at] == u
        else:
            assert data["weight"] == 0.0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([5.0, 60.0, 600.0]))
def test_network_and_arrays_never_disagree(seed: int, minutes_apart: float) -> None:
    engine = ContagionEngine(SETTINGS)
    engine.process(random_log(seed, 100, minutes_apart=minutes_apart))
    check_agreement(engine.graph)


def test_a_link_counts_decays_and_remembers() -> None:
    engine = ContagionEngine(SETTINGS)
    for n in range(12):
        engine.process([(n, flow(n, party(1), party(2), 100.0, minutes=720.0 * n))])
    graph = engine.graph
    link = graph.link(graph.index[party(1)], graph.index[party(2)])
    assert link is not None
    assert (link.count, link.amount) == (12, 1200.0)
    assert [p.uetr for p in link.recent] == [uetr(n) for n in range(12 - RECENT, 12)]
    weight = graph.network[graph.index[party(1)]][graph.index[party(2)]]["weight"]
    assert graph.weight_now(weight) == pytest.approx(sum(100 / 2**k for k in range(12)))


def test_parties_and_participants_are_two_levels_of_one_graph() -> None:
    engine = ContagionEngine()
    engine.process(
        [
            (0, flow(0, party(1), party(2), 70.0, agents=(11, 12))),
            (1, flow(1, bank(11), bank(12), 30.0, agents=(11, 12))),
            (2, flow(2, party(3), party(4), 5.0, agents=(11, 11))),
        ]
    )
    graph = engine.graph
    banks = graph.network[graph.index[bank(11)]][graph.index[bank(12)]]
    assert (banks["weight"], banks["settled"]) == (30.0, 100.0)
    assert banks["link"].count == 2
    parties = graph.network[graph.index[party(1)]][graph.index[party(2)]]
    assert (parties["weight"], parties["settled"]) == (70.0, 0.0)
    assert graph.impact(graph.index[bank(11)]) == 1.0
    assert graph.impact(graph.index[party(1)]) == pytest.approx(70 / 105)


def test_links_past_the_horizon_go_and_all_weights_with_them() -> None:
    engine = ContagionEngine(SETTINGS)
    engine.process(random_log(2, 100, minutes_apart=5))
    nodes = engine.graph.network.number_of_nodes()
    assert engine.graph.network.number_of_edges() > 10
    engine.process([(100, flow(10**6, party(70), party(71), minutes=40 * 1440))])
    graph = engine.graph
    assert graph.network.number_of_edges() == 2
    assert graph.network.number_of_nodes() > nodes
    assert sum(map(len, graph.wheel.values())) == 2
    assert sum(graph.outgoing.degrees) == 1
    assert graph.own_total == pytest.approx(sum(graph.outgoing.totals))
    check_agreement(graph)


def test_landmark_moves_before_weights_grow_large() -> None:
    settings = ContagionSettings(half_life_days=0.2, horizon_days=10)
    engine = ContagionEngine(settings)
    for n in range(60):
        engine.process([(n, flow(n, party(1), party(2 + n % 3), 100.0, minutes=1440.0 * n))])
    graph = engine.graph
    assert graph.landmark_ms > flow(0, party(1), party(2)).event_at.timestamp() * 1000
    heaviest = max(d["weight"] for _, _, d in graph.network.edges(data=True))
    assert math.log(heaviest) < 50 + math.log(1000)
    check_agreement(graph)
    share = graph.outgoing.weights(0) / graph.outgoing.totals[0]
    assert np.sort(share)[-1] == pytest.approx(1 / (1 + 2**-5 + 2**-10), rel=1e-9)


def test_backend_caches_of_networkx_are_cleared_by_every_payment() -> None:
    engine = ContagionEngine()
    engine.process([(0, flow(0, party(1), party(2)))])
    engine.graph.network.__networkx_cache__["backends"] = {"x": "stale"}
    engine.process([(1, flow(1, party(1), party(2)))])
    assert "backends" not in engine.graph.network.__networkx_cache__


@pytest.mark.parametrize("amount", [0.0, -5.0, math.nan, math.inf])
def test_an_amount_that_is_no_amount_is_refused(amount: float) -> None:
    graph = PaymentGraph(SETTINGS)
    list(graph.advance(DAY_MS))
    with pytest.raises(ValueError, match="positive and finite"):
        graph.pay(graph.node("a"), graph.node("b"), amount, DAY_MS, uetr(1), own=True)


def test_a_payment_to_oneself_is_refused_by_the_graph() -> None:
    graph = PaymentGraph(SETTINGS)
    with pytest.raises(ValueError, match="oneself"):
        graph.pay(graph.node("a"), graph.node("a"), 1.0, DAY_MS, uetr(1), own=True)
