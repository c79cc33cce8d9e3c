from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipeline.contagion.bank_panel import auc, compare, quarters, top_decile_recall
from pipeline.contagion.overlap import vulnerability
from pipeline.errors import ColdwireError


def test_two_banks_by_hand() -> None:
    # Bank 0: 100 of bonds on 10 equity; bank 1: 50 bonds and 50 cash on 50 equity.
    result = vulnerability([[100, 0], [50, 50]], [10, 50], [0.01, 0.0], [0.001, 0.0])
    np.testing.assert_allclose(result.direct, [0.1, 0.01])
    # Bank 0 sells 9 * 1, bank 1 sells 1 * 0.5, half of it bonds: bonds fall by 0.00925.
    np.testing.assert_allclose(result.indirect, [100 * 0.00925 / 10, 50 * 0.00925 / 50])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 6))
def test_closed_form_equals_selling_bank_by_bank(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    A, e = rng.random((n, k)) + 0.01, rng.random(n) + 0.1
    shock, impact = rng.random(k) * 0.1, rng.random(k) * 0.01
    fall = np.zeros(k)
    for bank in range(n):
        assets = A[bank].sum()
        sale = max(assets - e[bank], 0) / e[bank] * (A[bank] @ shock)
        for asset in range(k):
            fall[asset] += impact[asset] * sale * A[bank, asset] / assets
    result = vulnerability(A, e, shock, impact)
    np.testing.assert_allclose(result.indirect, A @ fall / e, rtol=1e-10)
    order = rng.permutation(n)
    renamed = vulnerability(A[order], e[order], shock, impact)
    np.testing.assert_allclose(renamed.indirect, result.indirect[order], rtol=1e-10)


def test_balance_sheets_without_equity_or_assets_are_refused() -> None:
    for holdings, equity in (([[1.0]], [0.0]), ([[0.0]], [1.0]), ([[-1.0]], [1.0])):
        with pytest.raises(ValueError, match=r"equity and assets|not negative"):
            vulnerability(holdings, equity, [0.1], [0.1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_auc_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([row[0] for row in rows], float)
    failed = np.array([row[1] for row in rows])
    if failed.all() or not failed.any():
        with pytest.raises(ValueError, match="both"):
            auc(scores, failed)
    else:
        assert auc(scores, failed) == pytest.approx(roc_auc_score(failed, scores))


def test_top_decile() -> None:
    scores = np.arange(20.0)
    failed = np.zeros(20, bool)
    failed[[19, 3]] = True
    assert top_decile_recall(scores, failed) == 0.5


@pytest.fixture
def panel(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    n = 60
    rows = []
    for quarter in ("2007Q4", "2008Q1"):
        equity = np.linspace(1, 40, n).round().astype(int)
        for bank in range(n):
            bonds = int(rng.integers(150, 250))
            rows.append((quarter, bank, 50, bonds, int(equity[bank])))
    frame = pl.DataFrame(
        rows, schema=["quarter", "bank_id", "cashab", "bonds", "equity"], orient="row"
    )
    frame.write_parquet(tmp_path / "portfolios.parquet")
    names = "bank_id,fdic_cert,name\n" + "".join(f"{b},{1000 + b},B{b}\n" for b in range(n))
    (tmp_path / "bank_names.csv.gz").write_bytes(gzip.compress(names.encode()))
    closed = "Cert,closing\n1000,2008-02-01\n1001,2008-12-31\n1002,2009-03-31\n1003,2009-04-01\n"
    (tmp_path / "fdic_failed_banks.csv.gz").write_bytes(gzip.compress(closed.encode()))
    return tmp_path


def test_failures_count_within_four_quarters_after_the_quarters_end(panel: Path) -> None:
    rated = quarters(panel, "2007Q4", "2008Q1")
    assert [q.name for q in rated] == ["2007Q4", "2008Q1"]
    assert np.flatnonzero(rated[0].failed).tolist() == [0, 1]
    assert np.flatnonzero(rated[1].failed).tolist() == [1, 2]


def test_comparison_is_reproducible_and_finds_the_thinly_capitalised(panel: Path) -> None:
    first, second = (compare(panel, "2007Q4", "2008Q1") for _ in range(2))
    assert first == second
    mean = first["mean"]
    assert isinstance(mean, dict)
    assert mean["capital_ratio"]["auc"] > 0.95
    assert first["failures"] == 4


def test_missing_panel_is_told(tmp_path: Path, panel: Path) -> None:
    with pytest.raises(ColdwireError, match="does not hold the panel"):
        quarters(tmp_path / "nowhere", "2007Q4", "2008Q1")
    with pytest.raises(ColdwireError, match="no quarter"):
        quarters(panel, "2020Q1", "2020Q2")
