"""Fire sales under a capital rule (Cifuentes, Ferrucci and Shin 2005).

Banks hold cash and one illiquid asset whose price falls with what is sold,
p = exp(-slope * total sold). A bank whose equity falls below ``ratio`` of its illiquid
holding at market price sells until it is back, or all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contagion.matrix import Vector, vector

_ROUNDING = 1e-12
_MAX_ROUNDS = 100_000


@dataclass(frozen=True, slots=True)
class FireSale:
    """The highest price at which sales and price agree, units sold [n], equity [n]."""

    price: float
    sold: Vector
    equity: Vector


def fire_sale(
    cash: npt.ArrayLike,
    illiquid: npt.ArrayLike,
    debt: npt.ArrayLike,
    *,
    ratio: float,
    slope: float,
) -> FireSale:
    """Iterate from p = 1 downward to the highest equilibrium.

    Args:
        cash, illiquid, debt: [n], illiquid in units (price 1 before the sales).
        ratio: least equity to illiquid holdings, in (0, 1).
        slope: price impact of one unit sold.

    Raises:
        ValueError: shapes or numbers that do not fit.
        ArithmeticError: no convergence.
    """
    c, e, d = vector(cash, "cash"), vector(illiquid, "illiquid"), vector(debt, "debt")
    if not c.shape == e.shape == d.shape:
        raise ValueError("cash, illiquid and debt must have the same length")
    if not 0 < ratio < 1 or not slope >= 0:
        raise ValueError("ratio must lie in (0, 1) and slope not be negative")
    price = 1.0
    for _ in range(_MAX_ROUNDS):
        sold = _sales(c + price * e - d, e, ratio, price)
        following = min(price, float(np.exp(-slope * sold.sum())))
        if price - following <= _ROUNDING:
            return FireSale(following, sold, c + following * e - d)
        price = following
    raise ArithmeticError("the price did not converge")


def _sales(equity: Vector, illiquid: Vector, ratio: float, price: float) -> Vector:
    below = equity < ratio * price * illiquid * (1 - _ROUNDING)
    needed = np.minimum(illiquid, illiquid - equity / (ratio * price))
    sales: Vector = np.where(below, np.where(equity <= 0, illiquid, needed), 0.0)
    return sales
