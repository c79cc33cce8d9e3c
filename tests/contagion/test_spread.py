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
from tests.contagion.stream import Log, flag, flow, party, random_log

A = 0.15
SETTINGS = ContagionSettings(half_life_days=2.0, horizon_days=10, tolerance=1e-3)


def exact(rows: Adjacency, seeds: dict[int, float]) -> npt.NDArray[np.float64]:
    """Dense solve of x = s + (1 - a) Q x."""
    nodes = len(rows.degrees)
    Q = np.zeros((nodes, nodes))
    for node in range(nodes):
        if rows.degrees[node]:
            weights = rows.weights(node)
            Q[node, rows.neighbours(node)] = weights / weights.sum()
    s = np.zeros(nodes)
    for node, severity in seeds.items():
        s[node] = severity
    return np.asarray(np.linalg.solve(np.eye(nodes) - (1 - A) * Q, s), np.float64)


def check_bounds(engine: ContagionEngine) -> None:
    """Every error lies within the published bound, in both directions."""
    nodes = len(engine.graph.names)
    for spread in (engine.received, engine.sent):
        error = np.abs(exact(spread.rows, spread.seeds) - spread.estimate[:nodes])
        assert error.max() <= spread.bound() + 1e-12


def test_golden_three_nodes() -> None:
    outgoing, incoming = Adjacency(), Adjacency()
    for _ in range(3):
        outgoing.add_node()
        incoming.add_node()
    for u, v, w in ((0, 1, 3.0), (0, 2, 1.0), (1, 2, 1.0), (2, 0, 1.0)):
        outgoing.append(u, v, w)
        incoming.append(v, u, w)
    ranks = []
    for seed in range(3):
        spread = Spread(outgoing, incoming, A, 1e-14, 10**6)
        spread.grow(3)
        assert spread.set_seed(seed, 1.0, 3) == [0, 1, 2]
        ranks.append(A * spread.estimate[0])
    np.testing.assert_allclose(ranks, np.array([1600, 1020, 1207]) / 3827, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_error_stays_within_the_published_bound_through_any_log(seed: int) -> None:
    engine = ContagionEngine(SETTINGS)
    for record in random_log(seed, 70):
        engine.process([record])
    check_bounds(engine)
    assert engine.exposure(party(0))[1] <= 2 * 1e-3 / A


def test_bound_holds_through_expiry_and_landmark_moves() -> None:
    engine = ContagionEngine(ContagionSettings(half_life_days=0.2, horizon_days=10, tolerance=1e-3))
    engine.process(random_log(5, 700, parties=25, minutes_apart=90))
    assert engine.graph.landmark_ms > random_log(5, 1)[0][1].event_at.timestamp() * 1000
    check_bounds(engine)
    assert engine.received.seeds


def test_agrees_with_networkx_from_every_node() -> None:
    engine = ContagionEngine(ContagionSettings(tolerance=1e-9))
    engine.process(random_log(11, 80, parties=15, minutes_apart=5))
    engine.process(
        [(300, flag(party(3), minutes=1e6)), (301, flag(party(5), severity=0.5, minutes=1e6))]
    )
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(engine.graph.network)
    graph.add_weighted_edges_from(
        (u, v, d["weight"]) for u, v, d in engine.graph.network.edges(data=True) if d["weight"]
    )
    for spread, way in ((engine.received, graph.reverse()), (engine.sent, graph)):
        # A walk that has nowhere to go ends: in NetworkX it goes to a sink and stays.
        ends = [node for node in way if not way.out_degree(node)]
        way.add_weighted_edges_from((node, -1, 1.0) for node in (*ends, -1))
        for node in engine.graph.network:
            ranks = nx.pagerank(way, 1 - A, personalization={node: 1.0}, tol=1e-13, max_iter=999)
            expected = sum(severity * ranks[s] for s, severity in spread.seeds.items()) / A
            assert spread.estimate[node] == pytest.approx(expected, abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 1), st.floats(0.05, 1))
def test_exposure_is_linear_in_the_severities(seed: int, one: float, other: float) -> None:
    payments: Log = [r for r in random_log(seed, 60, minutes_apart=5) if r[1].record == "flow"]
    late = 10**5

    def exposures(*flags: tuple[int, float]) -> npt.NDArray[np.float64]:
        engine = ContagionEngine(ContagionSettings(tolerance=1e-10))
        engine.process(payments)
        engine.process([(1000 + n, flag(party(n), severity=s, minutes=late)) for n, s in flags])
        return engine.received.estimate[: len(engine.graph.names)]

    both, first, second = (
        exposures((1, one), (2, other)),
        exposures((1, one)),
        exposures((2, other)),
    )
    width = min(map(len, (both, first, second)))
    np.testing.assert_allclose(both[:width], first[:width] + second[:width], atol=1e-8)


def test_a_full_dependant_has_85_percent_however_little_it_is_of_the_flagged_money() -> None:
    engine = ContagionEngine()
    mules: Log = [(n, flow(n, party(0), party(n), 100.0)) for n in range(1, 51)]
    engine.process([*mules, (51, flow(51, party(60), party(50), 100.0)), (52, flag(party(0)))])
    assert engine.exposure(party(1))[0] == pytest.approx(0.85)
    assert engine.exposure(party(50))[0] == pytest.approx(0.425)


def test_clean_money_dilutes_exposure() -> None:
    engine = ContagionEngine()
    engine.process([(0, flow(0, party(1), party(2), 100.0)), (1, flag(party(1)))])
    engine.process([(2, flow(2, party(3), party(2), 300.0))])
    assert engine.exposure(party(2))[0] == pytest.approx(0.85 / 4)


def test_pushes_beyond_the_cap_are_carried_to_the_next_record() -> None:
    capped = ContagionEngine(ContagionSettings(tolerance=1e-6, pushes_per_record=2))
    chain: Log = [(n, flow(n, party(n), party(n + 1), minutes=n)) for n in range(1, 20)]
    capped.process([*chain, (30, flag(party(0), minutes=60))])
    assert not capped.received.queue
    capped.process([(31, flow(31, party(0), party(1), 5000.0, minutes=61))])
    assert capped.received.queue
    check_bounds(capped)
    first = capped.received.bound()
    for n in range(12):
        capped.process([(82 + n, flow(500 + n, party(100), party(101), minutes=61))])
    assert not capped.received.queue
    assert capped.received.bound() < first / 1000
    assert capped.exposure(party(20))[0] == pytest.approx(0.85**20, abs=1e-4)


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
    before = engine.received.residual.copy()
    engine.received.refresh(len(engine.graph.names))
    np.testing.assert_allclose(engine.received.residual, before, atol=1e-10)
