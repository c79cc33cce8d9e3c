"""A payment's amount beside the card's own past amounts; needs no label."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.public.payments import DAY_MS, PublicPayments
from pipeline.evaluation.public.windows import KeyedPast

UNUSUAL_AT: Final = 3.5
"""Standard deviations above the card's mean from which an amount is out of the ordinary."""
_WINDOWS_DAYS: Final = (1, 3, 7, 14)
HABIT_FEATURES: Final = (
    *("amount_z", "amount_ratio", "past_count"),
    *(f"unusual_{days}d" for days in _WINDOWS_DAYS),
)


def habits(payments: PublicPayments, cards: KeyedPast) -> npt.NDArray[np.float32]:
    """Deviations, ratio to the mean, events before, unusual ones lately, [N, HABIT_FEATURES]."""
    amount = payments.amount
    everything = int(np.ptp(payments.event_ms)) + DAY_MS if len(payments) else 0
    count = cards.total(None, 0, everything) - 1
    mean = (cards.total(amount, 0, everything) - amount) / np.maximum(count, 1)
    square = (cards.total(amount**2, 0, everything) - amount**2) / np.maximum(count, 1)
    deviation = np.sqrt(np.maximum(square - mean**2, 0)) + 1
    z = np.where(count > 0, (amount - mean) / deviation, np.nan)
    ratio = np.where(count > 0, amount / (mean + 1), np.nan)
    unusual = (z >= UNUSUAL_AT).astype(np.float64)
    lately = [cards.total(unusual, 0, days * DAY_MS) for days in _WINDOWS_DAYS]
    return np.column_stack([z, ratio, count, *lately]).astype(np.float32)
