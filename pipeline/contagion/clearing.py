"""Clearing of interbank debts: Eisenberg and Noe (2001), Rogers and Veraart (2013).

Each bank pays in full if it can; a bank in default pays out ``alpha`` of its outside
assets and ``beta`` of what it receives (1 and 1: Eisenberg-Noe, no cost of bankruptcy).
Of the several solutions there may be, this gives the greatest one: all are taken to be
solvent, those that are not are found wave by wave, and each wave is cleared exactly.

Seniority of debt owed outside the network changes the answer and must be chosen: with
``PARI_PASSU`` it shares in proportion with interbank debt, with ``EXTERNAL_FIRST`` it is
paid before any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import linalg

from pipeline.contagion.matrix import Matrix, MatrixLike, Vector, square, vector

_ROUNDING = 1e-12
_DENSE_LIMIT = 1500
_MAX_SWEEPS = 200_000


class Seniority(StrEnum):
    """Rank of debt owed outside the network."""

    PARI_PASSU = "pari-passu"
    EXTERNAL_FIRST = "external-first"


@dataclass(frozen=True, slots=True)
class Clearing:
    """The greatest clearing solution of n banks.

    ``payments`` [n] are all payments under pari passu, and payments on interbank debt
    alone when external debt comes first. ``equity`` [n] counts assets before costs of
    bankruptcy less nominal debts. ``waves`` lists the banks that default, round by round.
    """

    payments: Vector
    equity: Vector
    waves: tuple[tuple[int, ...], ...]

    @property
    def defaulted(self) -> tuple[int, ...]:
        """All banks in default, in order of number."""
        return tuple(sorted(bank for wave in self.waves for bank in wave))


def clear(
    liabilities: MatrixLike,
    outside_assets: npt.ArrayLike,
    external_debt: npt.ArrayLike | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    seniority: Seniority = Seniority.PARI_PASSU,
) -> Clearing:
    """Clear a network of debts.

    Args:
        liabilities: L [n, n], row i owes column j.
        outside_assets: e [n].
        external_debt: owed outside the network [n]; None means nothing.
        alpha: recovery of outside assets in default, in (0, 1].
        beta: recovery of interbank receipts in default, in (0, 1].

    Raises:
        ValueError: shapes that do not fit, a negative or non-finite number, a bank that
            owes itself, alpha or beta outside (0, 1].
    """
    assets = vector(outside_assets, "outside assets")
    n = len(assets)
    debts = square(liabilities, "liabilities", n)
    external = np.zeros(n) if external_debt is None else vector(external_debt, "external debt")
    if external.shape != (n,):
        raise ValueError(f"external debt must be [{n}]")
    if not (0 < alpha <= 1 and 0 < beta <= 1):
        raise ValueError("alpha and beta must lie in (0, 1]")
    owed = np.asarray(debts.sum(axis=1), np.float64).ravel()
    first = seniority is Seniority.EXTERNAL_FIRST
    nominal = owed if first else owed + external
    senior = external if first else np.zeros_like(external)
    scale = np.divide(1.0, nominal, out=np.zeros_like(nominal), where=nominal > 0)
    receipts = sparse.csr_array((sparse.diags_array(scale) @ debts).T)

    payments = nominal.copy()
    short = np.zeros(n, bool)
    waves: list[tuple[int, ...]] = []
    while True:
        total = assets + receipts @ payments
        due = nominal + senior
        newly = ~short & (total < due - _ROUNDING * np.maximum(due, 1e-300))
        if not newly.any():
            break
        waves.append(tuple(np.flatnonzero(newly).tolist()))
        short |= newly
        payments = _pay_out(receipts, alpha * assets, beta, payments, short, senior, nominal)
    return Clearing(payments, assets + receipts @ payments - nominal - senior, tuple(waves))


def _pay_out(
    receipts: Matrix,
    recovered: Vector,
    beta: float,
    payments: Vector,
    short: npt.NDArray[np.bool_],
    senior: Vector,
    nominal: Vector,
) -> Vector:
    """Payments when exactly the banks ``short`` are in default, from above."""
    at = np.flatnonzero(short)
    outside = np.where(short, 0.0, payments)
    fixed = recovered[at] - senior[at] + beta * (receipts @ outside)[at]
    inner = beta * receipts[at][:, at]
    result = payments.copy()
    if not senior.any():
        solved = _solve(inner, fixed)
        if solved is not None:
            result[at] = solved
            return result
    # With a senior class payments are cut at 0, so the system is not linear: go down.
    p, cap = payments[at], nominal[at]
    for _ in range(_MAX_SWEEPS):
        lower = np.clip(fixed + inner @ p, 0.0, np.minimum(p, cap))
        if np.abs(p - lower).max() <= _ROUNDING * max(1.0, float(cap.max())):
            result[at] = lower
            return result
        p = lower
    raise ArithmeticError("payments did not converge")


def _solve(inner: Matrix, fixed: Vector) -> Vector | None:
    """Solve (I - inner) p = fixed; None when the system is (nearly) singular."""
    n = len(fixed)
    if n <= _DENSE_LIMIT:
        try:
            return np.asarray(np.linalg.solve(np.eye(n) - inner.toarray(), fixed), np.float64)
        except np.linalg.LinAlgError:
            return None
    system = sparse.csr_array(sparse.eye_array(n) - inner)
    solved, failed = linalg.bicgstab(system, fixed, x0=fixed, rtol=1e-14, maxiter=1000)
    error = np.abs(system @ solved - fixed).max()
    if failed and error > 1e-10 * max(1.0, float(np.abs(fixed).max())):
        return None
    return np.asarray(solved, np.float64)
