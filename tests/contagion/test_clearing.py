from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pipeline.contagion.clearing import Clearing, Seniority, clear
from tests.contagion.rational import clear_exactly

HALVES = [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
RING = [[0.0] * 6 for _ in range(6)]
for i, debt in enumerate((2, 3, 2, 3, 2, 3)):
    RING[i][(i + 1) % 6] = debt


def close(clearing: Clearing, payments: list[float], waves: list[set[int]]) -> None:
    np.testing.assert_allclose(clearing.payments, payments, rtol=1e-12, atol=1e-12)
    assert [set(wave) for wave in clearing.waves] == waves


def test_golden_three_banks_with_external_debt() -> None:
    assets, external = (1 / 2, 5 / 8, 3 / 4), (3 / 2, 1 / 2, 1 / 2)
    close(clear(HALVES, assets, external), [165 / 112, 159 / 112, 3 / 2], [{0}, {1}])
    costly = clear(HALVES, assets, external, alpha=0.5, beta=0.7)
    close(costly, [4225 / 8416, 160275 / 311392, 176055 / 311392], [{0}, {1, 2}])


def test_golden_rogers_veraart_example_gives_the_greatest_of_several_solutions() -> None:
    L = [[0.0, 2.0], [2.2, 0.0]]
    close(clear(L, (1, 1), alpha=0.5, beta=0.5), [2, 2.2], [])
    L = [[0.0, 2.2], [2.2, 0.0]]
    close(clear(L, (1, 1), alpha=0.5, beta=0.5), [2.2, 2.2], [])
    # (1, 1) clears as well: each pays out half of 1 and half of what it gets.
    assert 0.5 * 1 + 0.5 * 1 == 1


def test_golden_ring_of_six() -> None:
    assets = (0, 0.8, 0, 0.8, 0, 0.8)
    costly = clear(RING, assets, alpha=0.5, beta=0.5)
    close(costly, [4 / 15, 8 / 15] * 3, [{1, 3, 5}, {0, 2, 4}])
    close(clear(RING, assets), [2, 14 / 5] * 3, [{1, 3, 5}])


def test_golden_ring_with_external_debt_and_its_seniority() -> None:
    L = [[0, 4, 0], [0, 0, 3], [2, 0, 0]]
    equal = clear(L, (18, 18, 9), (17, 18, 8))
    close(equal, [20, 21, 10], [{0}])
    np.testing.assert_allclose(equal.equity, [-1, 17 / 21, 2], rtol=1e-12)
    senior = clear(L, (18, 18, 9), (17, 18, 8), seniority=Seniority.EXTERNAL_FIRST)
    assert senior.payments[0] / 4 == pytest.approx(3 / 4)
    assert senior.equity[1] == pytest.approx(0, abs=1e-9)


def test_golden_chain_and_two_waves() -> None:
    close(clear([[0, 10, 0], [0, 0, 10], [0, 0, 0]], (4, 3, 0)), [4, 7, 0], [{0}, {1}])
    L = [[0, 6, 4], [0, 0, 8], [2, 3, 0]]
    close(clear(L, (3, 1, 2)), [5, 7, 5], [{0}, {1}])
    close(clear(L, (3, 2, 1)), [5, 8, 5], [{0}])


def _network(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    L = rng.integers(0, 20, (n, n)) * (rng.random((n, n)) < 0.5)
    np.fill_diagonal(L, 0)
    return L, rng.integers(0, 15, n), rng.integers(0, 10, n)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 7),
    st.sampled_from([Fraction(1), Fraction(9, 10), Fraction(1, 2)]),
    st.sampled_from([Fraction(1), Fraction(3, 4)]),
)
def test_agrees_with_exact_fractions(seed: int, n: int, alpha: Fraction, beta: Fraction) -> None:
    L, assets, external = _network(seed, n)
    external = external + 1  # keeps the exact systems regular
    exact, waves = clear_exactly(
        [[Fraction(int(x)) for x in row] for row in L],
        [Fraction(int(x)) for x in assets],
        [Fraction(int(x)) for x in external],
        alpha,
        beta,
    )
    fast = clear(L, assets, external, alpha=float(alpha), beta=float(beta))
    close(fast, [float(p) for p in exact], [set(wave) for wave in waves])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9), st.sampled_from(list(Seniority)))
def test_payments_are_bounded_monotone_and_blind_to_names(
    seed: int, n: int, seniority: Seniority
) -> None:
    L, assets, external = _network(seed, n)
    given_ = clear(L, assets, external, alpha=0.8, beta=0.9, seniority=seniority)
    nominal = L.sum(1) + (external if seniority is Seniority.PARI_PASSU else 0)
    assert (given_.payments >= -1e-9).all()
    assert (given_.payments <= nominal + 1e-9).all()
    richer = clear(L, assets + 1, external, alpha=0.8, beta=0.9, seniority=seniority)
    assert (richer.payments >= given_.payments - 1e-8).all()
    order = np.random.default_rng(seed).permutation(n)
    renamed = clear(
        L[np.ix_(order, order)],
        assets[order],
        external[order],
        alpha=0.8,
        beta=0.9,
        seniority=seniority,
    )
    np.testing.assert_allclose(renamed.payments, given_.payments[order], atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_equity_and_creditors_losses_add_up(seed: int, n: int) -> None:
    L, assets, external = _network(seed, n)
    result = clear(L, assets, external)
    nominal = L.sum(1) + external
    shortfall = (nominal - result.payments).sum()
    kept = np.maximum(result.equity, 0).sum()
    paid_out = np.divide(
        external * result.payments, nominal, out=np.zeros(n), where=nominal > 0
    ).sum()
    assert kept + paid_out == pytest.approx(assets.sum(), abs=1e-8)
    assert np.minimum(result.equity, 0).sum() == pytest.approx(-shortfall, abs=1e-8)


def test_sparse_system_of_many_defaults_agrees_with_going_down_from_above() -> None:
    rng = np.random.default_rng(0)
    n = 2500
    rows, columns = rng.integers(0, n, (2, 12_000))
    apart = rows != columns
    weights = rng.random(int(apart.sum()))
    L = sparse.csr_array((weights, (rows[apart], columns[apart])), shape=(n, n))
    owed = np.asarray(L.sum(axis=1)).ravel()
    assets, external = 0.2 * rng.random(n), 0.3 * owed + 0.05
    result = clear(L, assets, external, alpha=0.9, beta=0.9)
    assert len(result.defaulted) > 1600
    nominal = owed + external
    p = nominal.copy()
    for _ in range(3000):
        total = assets + L.T @ (p / nominal)
        inflow = L.T @ (p / nominal)
        p = np.where(total >= nominal * (1 - 1e-12), nominal, 0.9 * assets + 0.9 * inflow)
    np.testing.assert_allclose(result.payments, p, atol=1e-9)


@pytest.mark.parametrize(
    ("L", "assets", "external", "message"),
    [
        ([[0, -1], [0, 0]], (1, 1), None, "liabilities must be finite"),
        ([[1, 0], [0, 0]], (1, 1), None, "empty diagonal"),
        ([[0, 1]], (1, 1), None, r"must be \[2, 2\]"),
        ([[0, 1], [0, 0]], (1, float("nan")), None, "outside assets must be finite"),
        ([[0, 1], [0, 0]], (1, 1), (1, -1), "external debt must be finite"),
        ([[0, 1], [0, 0]], (1, 1), (1, 1, 1), "external debt must be"),
    ],
)
def test_balance_sheets_that_do_not_add_up_are_refused(
    L: list[list[float]], assets: tuple[float, ...], external: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        clear(L, assets, external)


def test_recovery_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha and beta"):
        clear([[0, 1], [0, 0]], (1, 1), alpha=0.0)


def test_banks_without_any_debt_default_on_nothing() -> None:
    result = clear(np.zeros((3, 3)), (0, 0, 5))
    assert result.waves == ()
    assert not np.isnan(result.payments).any()
