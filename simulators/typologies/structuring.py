"""Structuring: a sum is cut into pieces that each stay under the account's own norm."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "structuring"
RISKY = frozenset({"account"})
HABITUAL = True


def _pieces(case: Case, count: int, gap: float, level: float, spread: float, targets: int) -> None:
    rng = case.rng
    payer = case.lead(Kind.FIRM if rng.random() < 0.5 else Kind.PERSON)
    payees = case.recruit(Kind.FIRM, targets, fresh=0.4)
    at = np.cumsum(rng.exponential(gap, count))
    keep = at < 20
    n = int(keep.sum())
    dollars = case.norm(payer) * level * np.exp(rng.normal(0.0, spread, n))
    case.pay(
        "split",
        at[keep].astype(int),
        case.minutes(n),
        dollars,
        payer,
        rng.choice(payees, n),
        ("account", "target"),
        round_share=0.25,
    )
    case.hide(payer, "account", 15)


def plan(case: Case) -> None:
    """Many payments just below what the payer usually sends, close in time, to few payees."""
    count = 4 + int(case.rng.poisson(case.blend(10, 6)))
    gap = case.blend(0.15, 1.0)
    _pieces(case, count, gap, 0.85, case.blend(0.04, 0.2), 1 + int(case.rng.poisson(0.8)))


def lookalike(case: Case) -> None:
    """Part payments of one order, or a contractor's weekly stage payments."""
    count = 4 + int(case.rng.poisson(5))
    level = case.rng.uniform(0.2, 1.6)
    _pieces(case, count, case.rng.uniform(0.7, 4.0), level, case.rng.choice([0.02, 0.2, 0.5]), 1)
