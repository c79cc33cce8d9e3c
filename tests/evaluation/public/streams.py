"""Small made-up public payments."""

from __future__ import annotations

from datetime import date

import numpy as np

from pipeline.evaluation.public.payments import DAY_MS, PublicPayments

START = (date(2018, 6, 1) - date(1970, 1, 1)).days


def stream(
    rows: int, days: int, seed: int = 0, *, frauds: float = 0.05, cards: int = 40
) -> PublicPayments:
    """Payments of some cards at 20 terminals, at random times of some days."""
    random = np.random.default_rng(seed)
    time = START * DAY_MS + np.sort(random.integers(0, days * DAY_MS, rows))
    fraud = (random.random(rows) < frauds).astype(np.int8)
    return PublicPayments(
        payer=random.integers(0, cards, rows),
        payee=random.integers(0, 20, rows),
        amount=np.round(random.gamma(2.0, 20.0, rows) * np.where(fraud == 1, 4, 1), 2),
        event_ms=time,
        fraud=fraud,
        place=random.integers(0, 3, rows),
        kind=random.integers(0, 4, rows),
    )
