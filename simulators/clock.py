"""When in the day payments are made: hour profiles over the 22 hours from the opening.

Volume of customers is flat over business hours; bank money is late, with peaks at 16:30
and 17:15 ET (McAndrews and Rajan 2000), and more than 30 % of the value comes after 17:00
(Armantier, Arnold and McAndrews 2008): overnight money is lent when the day's end is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.calendar import CUSTOMER_CUTOFF, OPEN_MINUTES

MINUTE_MS: Final = 60_000

_HOURS: Final = {
    "customer": (1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 6, 12, 22, 30, 34, 33, 32, 34, 33, 26, 12, 4),
    "retail": (2, 2, 1, 1, 1, 1, 2, 3, 4, 6, 9, 14, 22, 26, 27, 28, 26, 27, 28, 28, 20, 9),
    "foreign": (8, 10, 14, 12, 9, 9, 13, 15, 14, 13, 12, 13, 14, 14, 12, 10, 8, 7, 6, 5, 4, 2),
    "bank": (3, 3, 6, 4, 3, 3, 4, 7, 5, 5, 6, 8, 9, 10, 10, 11, 13, 16, 20, 28, 26, 14),
    "overnight": (1, 1, 2, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 7, 12, 22, 62, 30),
}

_OF_BANKS: Final = ("bank", "overnight")
"""Not bound to the customers' cut-off."""


def _cumulative(name: str) -> npt.NDArray[np.float64]:
    weights = np.array(_HOURS[name], dtype=np.float64)
    return np.asarray(np.cumsum(weights) / weights.sum(), dtype=np.float64)


_CUMULATIVE: Final = {name: _cumulative(name) for name in _HOURS}


def minutes(rng: np.random.Generator, profile: str, n: int) -> npt.NDArray[np.float64]:
    """Draw ``n`` minutes since opening from an hour profile.

    Args:
        rng: source of randomness.
        profile: ``customer``, ``retail``, ``foreign``, ``bank`` or ``overnight``.
        n: how many.
    """
    hour = np.searchsorted(_CUMULATIVE[profile], rng.random(n), side="right")
    cut = OPEN_MINUTES if profile in _OF_BANKS else CUSTOMER_CUTOFF
    return np.asarray(np.minimum((hour + rng.random(n)) * 60.0, cut - 0.01), dtype=np.float64)


def around(
    rng: np.random.Generator, centre: npt.NDArray[np.float64], spread: float
) -> npt.NDArray[np.float64]:
    """Minutes near a habitual minute; what falls outside the day is folded back into it."""
    drawn = np.abs(centre + rng.normal(0.0, spread, centre.shape))
    over = drawn > CUSTOMER_CUTOFF - 1
    drawn[over] = np.maximum(2 * (CUSTOMER_CUTOFF - 1) - drawn[over], 0.0)
    return np.asarray(drawn, dtype=np.float64)
