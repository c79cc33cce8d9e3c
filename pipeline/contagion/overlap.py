"""Fire-sale vulnerability of overlapping portfolios (Greenwood, Landier and Thesmar 2015).

A shock lowers asset prices; each bank sells, in proportion to what it holds, until its
leverage is back where it was; the sales lower prices again, and every holder of the same
assets loses. A bank's indirect vulnerability is the share of its equity lost in that
second round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.contagion.matrix import Vector, vector


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """Shares of equity lost [n]: ``direct`` to the shock, ``indirect`` to others' sales."""

    direct: Vector
    indirect: Vector


def vulnerability(
    holdings: npt.ArrayLike, equity: npt.ArrayLike, shock: npt.ArrayLike, impact: npt.ArrayLike
) -> Vulnerability:
    """First and second round of a fire sale; closed form, no iteration.

    Args:
        holdings: dollars of n banks in k asset classes [n, k].
        equity: [n], positive; what exceeds assets counts as no debt.
        shock: fall of each price [k], as a share.
        impact: fall of each price per dollar sold [k].

    Raises:
        ValueError: shapes or numbers that do not fit, or a bank without equity or assets.
    """
    A = np.asarray(holdings, np.float64)
    e, f, price = vector(equity, "equity"), vector(shock, "shock"), vector(impact, "impact")
    if A.ndim != 2 or A.shape != (len(e), len(f)) or price.shape != f.shape:
        raise ValueError("holdings must be [n, k], equity [n], shock and impact [k]")
    if not np.isfinite(A).all() or (A < 0).any():
        raise ValueError("holdings must be finite and not negative")
    assets = A.sum(axis=1)
    if (e == 0).any() or (assets == 0).any():
        raise ValueError("every bank needs equity and assets")
    leverage = np.maximum(assets - e, 0.0) / e
    weights = A / assets[:, None]
    lost = A @ f
    sales = weights.T @ (leverage * lost)
    return Vulnerability(direct=lost / e, indirect=A @ (price * sales) / e)
