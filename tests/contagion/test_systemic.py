"""DebtRank, Furfine, Gai-Kapadia, fire sales, cascades: golden numbers and laws."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.cascades import (
    activation_probability,
    sampled_activation,
    threshold_waves,
)
from pipeline.contagion.debtrank import debtrank, impact_matrix, linear_debtrank
from pipeline.contagion.fire_sale import fire_sale
from pipeline.contagion.furfine import critical_lgd, failure_waves
from pipeline.contagion.gai_kapadia import (
    BalanceSheet,
    cascade,
    contagion_window,
    is_vulnerable,
)

A, B, C, E, F, D = range(6)
SIX = np.zeros((6, 6))
for source, target, impact in (
    (A, B, 2.5),
    (A, F, 1),
    (A, D, 0.5),
    (B, C, 1.5),
    (B, F, 0.2),
    (C, E, 4),
    (F, C, 1),
    (F, E, 5),
    (D, B, 1),
    (D, C, 1),
):
    SIX[source, target] = impact


def test_golden_debtrank_of_six_banks() -> None:
    shock = np.zeros(6)
    shock[A] = 0.1
    linear = linear_debtrank(SIX, shock)
    np.testing.assert_allclose(linear.distress, [0.1, 0.3, 0.66, 1, 0.16, 0.05], atol=1e-12)
    once = debtrank(SIX, shock, capped=False)
    np.testing.assert_allclose(once.distress, [0.1, 0.3, 0.525, 1, 0.15, 0.05], atol=1e-12)
    paper = debtrank(SIX, shock)
    np.testing.assert_allclose(paper.distress, [0.1, 0.15, 0.25, 0.35, 0.12, 0.05], atol=1e-12)
    assert paper.debtrank == pytest.approx(0.92 / 6)


def test_golden_debtrank_of_a_small_shock_elsewhere() -> None:
    shock = np.zeros(6)
    shock[D] = 0.05
    assert linear_debtrank(SIX, shock).distress[E] == pytest.approx(0.59)
    paper = debtrank(SIX, shock)
    np.testing.assert_allclose(paper.distress, [0, 0.05, 0.11, 0.06, 0.01, 0.05], atol=1e-12)
    assert paper.debtrank == pytest.approx(0.0383333, abs=1e-7)


def test_golden_closed_forms() -> None:
    W = np.array([[0, 0.5, 0.25], [0.5, 0, 0.25], [0.25, 0.25, 0]])
    assert max(abs(np.linalg.eigvals(W))) == pytest.approx(0.6830127)
    shock = (0.1, 0, 0)
    np.testing.assert_allclose(
        linear_debtrank(W, shock).distress, [1 / 6, 1 / 10, 1 / 15], atol=1e-11
    )
    np.testing.assert_allclose(debtrank(W, shock).distress, [0.13125, 0.05625, 0.0375], atol=1e-12)
    ring = np.array([[0, 0.5, 0], [0, 0, 0.5], [0.5, 0, 0]])
    shock = (0.2, 0, 0)
    np.testing.assert_allclose(
        linear_debtrank(ring, shock).distress, [8 / 35, 4 / 35, 2 / 35], atol=1e-11
    )
    np.testing.assert_allclose(debtrank(ring, shock).distress, [0.225, 0.1, 0.05], atol=1e-12)


def test_golden_chain_where_another_package_errs() -> None:
    lent = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0]], float)
    equity = np.array([2.0, 2.0, 5.0])
    impact = impact_matrix(lent, equity)
    result = linear_debtrank(impact, (0.25, 0, 0))
    np.testing.assert_allclose(equity * (1 - result.distress), [1.5, 1.5, 4.5], atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 10))
def test_linear_is_at_least_single_hit_is_at_least_direct(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    np.fill_diagonal(W, 0)
    shock = np.where(rng.random(n) < 0.4, rng.random(n), 0.0)
    direct = np.minimum(1, shock + W.T @ shock)
    single = debtrank(W, shock, capped=False).distress
    linear = linear_debtrank(W, shock).distress
    assert (single >= direct - 1e-12).all()
    assert (linear >= single - 1e-9).all()
    order = rng.permutation(n)
    renamed = linear_debtrank(W[np.ix_(order, order)], shock[order]).distress
    np.testing.assert_allclose(renamed, linear[order], atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 10))
def test_small_linear_distress_has_the_closed_form(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.random((n, n))
    np.fill_diagonal(W, 0)
    W *= 0.8 / max(abs(np.linalg.eigvals(W)))
    shock = rng.random(n) * 1e-3
    exact = np.linalg.solve(np.eye(n) - W.T, shock)
    np.testing.assert_allclose(linear_debtrank(W, shock).distress, exact, atol=1e-10)


@pytest.mark.parametrize("equity", [(1.0, 0.0), (1.0, -2.0)])
def test_zero_or_negative_equity_is_refused(equity: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="equity must be"):
        impact_matrix([[0, 1], [1, 0]], equity)


def test_shocks_beyond_all_equity_are_refused() -> None:
    with pytest.raises(ValueError, match="shock"):
        debtrank(np.zeros((2, 2)), (1.5, 0))


X = np.zeros((4, 4))
for lender, borrower, amount in ((1, 0, 6), (2, 0, 3), (2, 1, 4), (3, 0, 2), (3, 1, 1), (3, 2, 5)):
    X[lender, borrower] = amount
CAPITAL = (5, 4, 5, 6)


def test_golden_furfine() -> None:
    np.testing.assert_allclose(critical_lgd(X, CAPITAL, [0]), [0, 2 / 3, 5 / 7, 3 / 4])
    assert failure_waves(X, CAPITAL, [0], 0.6) == ()
    assert failure_waves(X, CAPITAL, [0], 0.7) == ((1,),)
    assert failure_waves(X, CAPITAL, [0], 0.72) == ((1,), (2,))
    assert failure_waves(X, CAPITAL, [0], 0.8) == ((1,), (2,), (3,))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 9), st.floats(0, 1))
def test_banks_fail_exactly_above_their_critical_lgd(seed: int, n: int, lgd: float) -> None:
    rng = np.random.default_rng(seed)
    exposures = rng.integers(0, 10, (n, n)) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(exposures, 0)
    capital = rng.integers(0, 12, n)
    critical = critical_lgd(exposures, capital, [0])
    if np.isclose(critical, lgd, atol=1e-9).any():
        return
    failed = {bank for wave in failure_waves(exposures, capital, [0], lgd) for bank in wave}
    assert failed == set(np.flatnonzero(critical < lgd).tolist()) - {0}


def test_furfine_refuses_unknown_banks_and_impossible_losses() -> None:
    with pytest.raises(ValueError, match="unknown bank"):
        failure_waves(X, CAPITAL, [9], 0.5)
    with pytest.raises(ValueError, match="lgd"):
        failure_waves(X, CAPITAL, [0], 1.5)


def test_golden_gai_kapadia_vulnerable_below_five_debtors() -> None:
    sheet = BalanceSheet()
    assert [j for j in range(1, 12) if is_vulnerable(j, sheet)] == [1, 2, 3, 4]
    for debtors, falls in ((4, True), (5, False)):
        lends = np.zeros((debtors + 1, debtors + 1))
        lends[0, 1:] = 1
        assert bool(cascade(lends, [1], sheet)[0]) is falls


def test_gai_kapadia_has_a_window_and_is_robust_yet_fragile() -> None:
    windows = contagion_window([0.5, 3.0, 10.0], 400, 20, BalanceSheet(), seed=1)
    assert windows[0].frequency == 0.0
    assert windows[1].frequency > 0.4
    assert windows[1].extent > 0.5
    assert windows[2].frequency < 0.2


def test_golden_fire_sale() -> None:
    for x, price in ((0.1, 1.0), (0.2, 0.740818221)):
        result = fire_sale((2 - x, 1, 3), (10, 12, 8), (10.9, 11.7, 10.1), ratio=0.1, slope=0.01)
        assert result.price == pytest.approx(price, abs=1e-9)
        assert result.sold.sum() == (0.0 if price == 1.0 else 30.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_fire_sale_is_an_equilibrium_and_more_cash_never_lowers_the_price(
    seed: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    cash, illiquid = rng.random(n), rng.random(n) * 10
    debt = 0.92 * (cash + illiquid) * rng.uniform(0.9, 1.05, n)
    result = fire_sale(cash, illiquid, debt, ratio=0.08, slope=0.02)
    assert result.price == pytest.approx(np.exp(-0.02 * result.sold.sum()), abs=1e-9)
    assert ((result.sold >= 0) & (result.sold <= illiquid + 1e-12)).all()
    richer = fire_sale(cash + 0.1, illiquid, debt, ratio=0.08, slope=0.02)
    assert richer.price >= result.price - 1e-9


def test_golden_watts() -> None:
    graph = nx.DiGraph([(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4), (5, 4)])
    assert threshold_waves(graph, {0}, 0.5) == ((1, 2), (3,), (4,))
    assert threshold_waves(graph, {0}, 0.6) == ((1,), (2,), (3,))


def test_golden_independent_cascade_on_a_diamond() -> None:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from([(0, 1), (0, 2), (1, 3), (2, 3)], probability=0.5)
    exact = activation_probability(graph, {0})
    assert exact[3] == 7 / 16
    assert sum(exact.values()) == 2.4375
    sampled = sampled_activation(graph, {0}, 20_000, seed=3)
    assert sampled[3] == pytest.approx(7 / 16, abs=0.015)
