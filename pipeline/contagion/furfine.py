"""Failure by losses on lending (Furfine 2003): a bank fails when losses exceed capital.

Assumes exposures and capital known, a single loss given default (LGD) and no netting.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion.matrix import Matrix, MatrixLike, Vector, square, vector


def failure_waves(
    exposures: MatrixLike,
    capital: npt.ArrayLike,
    failed: list[int],
    lgd: float,
) -> tuple[tuple[int, ...], ...]:
    """Waves of banks that fail after those in ``failed``.

    Args:
        exposures: X [n, n], what row i loses in full if column j fails.
        capital: c [n]; bank i fails when lgd * (exposure to failed banks) > c_i.
        lgd: loss given default in [0, 1].

    Raises:
        ValueError: shapes or numbers that do not fit.
    """
    X, c, down = _checked(exposures, capital, failed)
    if not 0 <= lgd <= 1:
        raise ValueError("lgd must lie in [0, 1]")
    waves: list[tuple[int, ...]] = []
    while True:
        newly = ~down & (lgd * (X @ down.astype(float)) > c)
        if not newly.any():
            return tuple(waves)
        waves.append(tuple(np.flatnonzero(newly).tolist()))
        down |= newly


def critical_lgd(exposures: MatrixLike, capital: npt.ArrayLike, failed: list[int]) -> Vector:
    """LGD above which each bank fails; 0 for the failed ones, infinity for never.

    Exact: banks are taken in the order in which a rising LGD would bring them down.
    """
    X, c, down = _checked(exposures, capital, failed)
    columns: Matrix = sparse.csc_array(X)
    critical = np.where(down, 0.0, np.inf)
    exposure = X @ down.astype(float)
    level = 0.0
    while True:
        own = np.full(len(c), np.inf)
        np.divide(c, exposure, out=own, where=~down & (exposure > 0))
        lowest = float(own.min())
        if lowest == np.inf:
            return critical
        level = max(level, lowest)
        newly = ~down & (own <= level)
        critical[newly] = level
        down |= newly
        exposure = exposure + columns[:, np.flatnonzero(newly)].sum(axis=1)


def _checked(
    exposures: MatrixLike, capital: npt.ArrayLike, failed: list[int]
) -> tuple[Matrix, Vector, npt.NDArray[np.bool_]]:
    c = vector(capital, "capital")
    X = square(exposures, "exposures", len(c))
    if not all(0 <= bank < len(c) for bank in failed):
        raise ValueError("an unknown bank is among the failed")
    down = np.zeros(len(c), bool)
    down[failed] = True
    return X, c, down
