"""DebtRank: how far a loss of equity travels before anyone defaults.

The 2012 form (Battiston et al.) lets each bank pass its distress on once; the linear form
(Bardoscia et al. 2015) passes on every further loss. h is the share of equity lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion.matrix import Matrix, MatrixLike, Vector, square, vector

_MAX_ROUNDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Distress:
    """Final distress h [n] and DebtRank R = sum h(T) v - sum h(1) v."""

    distress: Vector
    debtrank: float


def impact_matrix(exposures: MatrixLike, equity: npt.ArrayLike) -> Matrix:
    """Impact Lambda [n, n] of row i on column j: A_ji / E_j, uncapped.

    Args:
        exposures: A [n, n], what row j has lent to column i.
        equity: E [n].

    Raises:
        ValueError: equity that is not positive (such a bank has failed before the shock:
            leave it out or give it as shocked), or exposures that do not fit.
    """
    E = vector(equity, "equity")
    A = square(exposures, "exposures", len(E))
    if (E == 0).any():
        raise ValueError("equity must be positive: a bank without any has failed already")
    scaled: Matrix = sparse.diags_array(1.0 / E) @ A
    return sparse.csr_array(scaled.T)


def debtrank(
    impact: MatrixLike,
    shock: npt.ArrayLike,
    value: npt.ArrayLike | None = None,
    *,
    capped: bool = True,
) -> Distress:
    """DebtRank of 2012: each bank fires once, in the round after it is first distressed.

    Args:
        impact: of row i on column j [n, n].
        shock: h(1) [n], in [0, 1].
        value: economic weights [n]; None gives equal ones. They are scaled to sum 1.
        capped: W = min(1, impact), as in the paper.

    Raises:
        ValueError: shapes or numbers that do not fit.
    """
    W, h, v = _checked(impact, shock, value)
    if capped:
        W.data = np.minimum(1.0, W.data)
    start = float(h @ v)
    fired = np.zeros(len(h), bool)
    while True:
        firing = ~fired & (h > 0)
        if not firing.any():
            return Distress(h, float(h @ v) - start)
        fired |= firing
        h = np.minimum(1.0, h + W.T @ np.where(firing, h, 0.0))


def linear_debtrank(
    impact: MatrixLike,
    shock: npt.ArrayLike,
    value: npt.ArrayLike | None = None,
    *,
    tolerance: float = 1e-13,
) -> Distress:
    """Linear DebtRank: h(t+1) = min(1, h(t) + (h(t) - h(t-1)) Lambda).

    With a spectral radius of ``impact`` below 1 and no bank at 1 this is
    h(1) (I - Lambda)^-1; above, distress grows until banks reach 1.

    Raises:
        ValueError: shapes or numbers that do not fit.
        ArithmeticError: no convergence (spectral radius very near 1).
    """
    Lambda, h, v = _checked(impact, shock, value)
    start = float(h @ v)
    change = h
    for _ in range(_MAX_ROUNDS):
        following = np.minimum(1.0, h + Lambda.T @ change)
        change = following - h
        h = following
        if change.max(initial=0.0) <= tolerance:
            return Distress(h, float(h @ v) - start)
    raise ArithmeticError("distress did not converge")


def _checked(
    impact: MatrixLike, shock: npt.ArrayLike, value: npt.ArrayLike | None
) -> tuple[Matrix, Vector, Vector]:
    h = vector(shock, "shock")
    W = square(impact, "impact", len(h))
    v = np.ones(len(h)) if value is None else vector(value, "value")
    if (h > 1).any():
        raise ValueError("shock must lie in [0, 1]")
    if v.shape != h.shape or v.sum() <= 0:
        raise ValueError("value must have the shock's length and not be all 0")
    return W, h, v / v.sum()
