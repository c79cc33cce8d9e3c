from __future__ import annotations

import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.adjacency import Adjacency
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.settings import ContagionSettings
from pipeline.contagion.spread import Spread
from tests.contagion.stream import flag, flow, party, random_log

SETTINGS = ContagionSettings(half_life_days=2.0, horizon_days=10, tolerance=1e-3)


def exact(rows: Adjacency, seeds: dict[int, float], a: float) -> npt.NDArray[np.float64]:
    """Dense solve of pi = a s + (1 - a) P' pi, dangling nodes keeping what they have."""
    nodes = len(rows.degrees)
    P = np.zeros((nodes, nodes))
    for node in range(nodes):
        if rows.degrees[node]:
            weights = rows.weights(node)
            P[node, rows.neighbours(node)] = weights / weights.sum()
        else:
            P[node, node] = 1.0
    s = np.zeros(nodes)
    for node, severity in seeds.items():
        s[node] = severity
    pi: npt.NDArray[np.float64] = np.asarray(
        np.linalg.solve(np.eye(nodes) - (1 - a) * P.T, a * s), np.float64
    )
    return pi


def test_golden_three_nodes() -> None:
    rows = Adjacency()
    for _ in range(3):
        rows.add_node()
    for u, v, w in ((0, 1, 3.0), (0, 2, 1.0), (1, 2, 1.0), (2, 0, 1.0)):
        rows.append(u, v, w)
    spread = Spread(rows, 0.15, 1e-14, 10**6)
    spread.grow(3)
    assert spread.set_seed(0, 1.0, 3) == [0, 1, 2]
    golden = np.array([1600, 1020, 1207]) / 3827
    np.testing.assert_allclose(spread.estimate[:3], golden, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_error_stays_within_the_published_bound_through_any_log(seed: int) -> None:
    engine = ContagionEngine(SETTINGS)
    for record in random_log(seed, 70):
        engine.process([record])
    nodes = len(engine.graph.names)
    for spread, rows in (
        (engine.forward, engine.graph.outgoing),
        (engine.reverse, engine.graph.incoming),
    ):
        truth = exact(rows, spread.seeds, 0.15)
        error = np.abs(truth - spread.estimate[:nodes]).sum()
        assert error <= spread.bound(nodes) + 1e-9
        assert spread.bound(nodes) <= nodes * 1e-3 * sum(spread.seeds.values()) + 1e-12


def test_bound_of_a_log_with_expiry_and_landmark_moves_holds_over_hundreds_of_payments() -> None:
    engine = ContagionEngine(ContagionSettings(half_life_days=0.2, horizon_days=10, tolerance=1e-3))
    engine.process(random_log(5, 700, parties=25, minutes_apart=90))
    assert engine.graph.landmark_ms > 0
    nodes = len(engine.graph.names)
    truth = exact(engine.graph.outgoing, engine.forward.seeds, 0.15)
    error = np.abs(truth - engine.forward.estimate[:nodes]).sum()
    assert error <= engine.forward.bound(nodes) + 1e-10
    assert sum(engine.forward.seeds.values()) > 0


def test_agrees_with_networkx_when_dangling_nodes_keep_their_money() -> None:
    engine = ContagionEngine(ContagionSettings(tolerance=1e-9))
    engine.process(random_log(11, 80, parties=15, minutes_apart=5))
    engine.process([(300, flag(party(3), minutes=1e6)), (301, flag(party(5), minutes=1e6))])
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(engine.graph.network)
    graph.add_weighted_edges_from(
        (u, v, d["weight"]) for u, v, d in engine.graph.network.edges(data=True) if d["weight"]
    )
    graph.add_weighted_edges_from((u, u, 1.0) for u in list(graph) if not graph.out_degree(u))
    seeds = engine.forward.seeds
    ranks = nx.pagerank(graph, 0.85, personalization=dict(seeds), tol=1e-13, max_iter=1000)
    total = sum(seeds.values())
    for node, rank in ranks.items():
        assert engine.forward.estimate[node] / total == pytest.approx(rank, abs=1e-8)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_mass_is_conserved(seed: int) -> None:
    engine = ContagionEngine(SETTINGS)
    engine.process(random_log(seed, 70))
    for spread in (engine.forward, engine.reverse):
        mass = spread.estimate.sum() + spread.residual.sum()
        assert mass == pytest.approx(sum(spread.seeds.values()), abs=1e-9)


def test_pushes_beyond_the_cap_are_carried_to_the_next_record() -> None:
    capped = ContagionEngine(ContagionSettings(tolerance=1e-6, pushes_per_record=2))
    payments = [(n, flow(n, party(n), party((n * 7 + 1) % 40), minutes=n)) for n in range(40)]
    capped.process([*payments, (80, flag(party(0), minutes=60))])
    assert not capped.forward.queue
    capped.process([(81, flow(81, party(0), party(20), 5000.0, minutes=61))])
    assert capped.forward.queue
    nodes = len(capped.graph.names)
    truth = exact(capped.graph.outgoing, capped.forward.seeds, 0.15)
    first = capped.forward.bound(nodes)
    assert np.abs(truth - capped.forward.estimate[:nodes]).sum() <= first + 1e-12
    for n in range(100):
        capped.process([(82 + n, flow(500 + n, party(100), party(101), minutes=61))])
    assert not capped.forward.queue
    assert capped.forward.bound(nodes) < first / 20


def test_time_alone_moves_nothing() -> None:
    engine = ContagionEngine(SETTINGS)
    engine.process([(0, flow(0, party(1), party(2))), (1, flow(1, party(1), party(3)))])
    engine.process([(2, flag(party(1)))])
    before, _ = engine.exposure(party(2))
    engine.process([(3, flow(2, party(8), party(9), minutes=5 * 1440))])
    after, bound = engine.exposure(party(2))
    assert after == before
    assert bound < 1e-12


def test_refreshing_the_residual_changes_rounding_only() -> None:
    engine = ContagionEngine(SETTINGS)
    engine.process(random_log(4, 150))
    before = engine.forward.residual.copy()
    engine.forward.refresh(len(engine.graph.names))
    np.testing.assert_allclose(engine.forward.residual, before, atol=1e-10)
