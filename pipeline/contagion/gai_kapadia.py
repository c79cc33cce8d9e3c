"""Gai and Kapadia (2010): default cascades in random networks of equal lending.

A bank's interbank assets are spread evenly over its debtors and nothing is recovered from
those that fail. It stands while (1 - phi) A_IB + q A_M - L_IB - D >= 0, phi being the
share of its debtors that failed; equality counts as standing, as the paper's condition
for a vulnerable bank, 1/j > (K - (1 - q) A_M) / A_IB, has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion.matrix import Matrix, MatrixLike, square

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """The same balance sheet for every bank, in shares of its assets.

    Defaults are the paper's benchmark: 20 % interbank assets, 4 % capital.
    """

    interbank_assets: float = 0.2
    illiquid_assets: float = 0.8
    capital: float = 0.04
    price: float = 1.0

    def __post_init__(self) -> None:
        if self.interbank_assets <= 0 or self.illiquid_assets < 0 or self.capital < 0:
            raise ValueError("interbank assets must be positive, the others not negative")
        if not 0 < self.price <= 1:
            raise ValueError("price must lie in (0, 1]")

    @property
    def buffer(self) -> float:
        """Share of interbank assets that a bank can lose: (K - (1-q) A_M) / A_IB."""
        return (self.capital - (1 - self.price) * self.illiquid_assets) / self.interbank_assets


@dataclass(frozen=True, slots=True)
class Window:
    """Frequency of crises (at least 5 % fail) and their mean extent, by mean degree."""

    mean_degree: float
    frequency: float
    extent: float


def is_vulnerable(debtors: int, sheet: BalanceSheet) -> bool:
    """Whether the failure of one of its debtors brings a bank down."""
    return debtors > 0 and 1.0 / debtors > sheet.buffer + _ROUNDING


def cascade(lends_to: MatrixLike, failed: list[int], sheet: BalanceSheet) -> npt.NDArray[np.bool_]:
    """Banks down at the end [n].

    Args:
        lends_to: 1 where row i lends to column j [n, n], no diagonal.
        failed: banks that fail at first.

    Raises:
        ValueError: not square, or an unknown bank.
    """
    given: Any = lends_to if sparse.issparse(lends_to) else np.asarray(lends_to)
    n = int(given.shape[0])
    lending = square(given, "lends_to", n)
    if not all(0 <= bank < n for bank in failed):
        raise ValueError("an unknown bank is among the failed")
    debtors = np.asarray(lending.sum(axis=1)).ravel()
    down = np.zeros(n, bool)
    down[failed] = True
    while True:
        phi = (lending @ down.astype(float)) / np.maximum(debtors, 1.0)
        newly = ~down & ((phi > sheet.buffer + _ROUNDING) | ((debtors == 0) & (sheet.buffer < 0)))
        if not newly.any():
            return down
        down |= newly


def contagion_window(
    mean_degrees: list[float], banks: int, runs: int, sheet: BalanceSheet, seed: int
) -> list[Window]:
    """Crises after one random failure in Poisson networks, for each mean degree."""
    rng = np.random.default_rng(seed)
    windows: list[Window] = []
    for mean_degree in mean_degrees:
        shares: list[float] = []
        for _ in range(runs):
            lending = _poisson_network(banks, mean_degree, rng)
            down = cascade(lending, [int(rng.integers(banks))], sheet)
            shares.append(float(down.mean()))
        crises = [share for share in shares if share >= 0.05]
        extent = float(np.mean(crises)) if crises else 0.0
        windows.append(Window(mean_degree, len(crises) / runs, extent))
    return windows


def _poisson_network(banks: int, mean_degree: float, rng: np.random.Generator) -> Matrix:
    links = int(rng.binomial(banks * (banks - 1), min(1.0, mean_degree / (banks - 1))))
    chosen = rng.choice(banks * (banks - 1), size=links, replace=False, shuffle=False)
    rows, columns = np.divmod(chosen, banks - 1)
    columns = columns + (columns >= rows)
    return sparse.csr_array((np.ones(links), (rows, columns)), shape=(banks, banks))
