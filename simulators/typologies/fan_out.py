"""Fan-out: one large sum is scattered over many accounts within hours or days."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "fan-out"
RISKY = frozenset({"controller", "mule"})
HABITUAL = True


def _scatter(
    case: Case, payees: int, days: float, total: float, spread: float, kept: float
) -> None:
    rng = case.rng
    hub = case.lead(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON)
    source = case.recruit(Kind.FIRM, 1, fresh=0.1)
    case.pay("gather", 0, case.minutes(1), total, source, hub, ("source", "controller"))
    mules = case.recruit(Kind.PERSON, payees, fresh=case.fresh_share * 0.7)
    shares = rng.lognormal(0.0, spread, mules.size)
    when = np.minimum(rng.exponential(days, mules.size), 12).astype(int)
    minute = np.where(when == 0, 0.5, 0.0) * 400 + case.minutes(mules.size) * 0.7 + 250
    case.pay(
        "split",
        when,
        minute,
        total * (1 - kept) * shares / shares.sum(),
        hub,
        mules,
        ("controller", "mule"),
    )
    case.hide(hub, "controller", 8)


def plan(case: Case) -> None:
    """Proceeds are split over helpers, in sums that each look ordinary."""
    payees = 4 + int(case.rng.geometric(1 / 6))
    _scatter(case, min(payees, 30), case.blend(0.2, 2.0), case.rng.lognormal(11.0, 0.6), 0.35, 0.03)


def lookalike(case: Case) -> None:
    """A project's budget comes in and freelancers, heirs or prize winners are paid."""
    payees = 4 + int(case.rng.geometric(1 / 7))
    total, kept = case.rng.lognormal(10.6, 0.8), case.rng.uniform(0.02, 0.6)
    days = case.rng.uniform(1.0, 5.0)
    _scatter(case, min(payees, 30), days, total, case.rng.uniform(0.1, 0.9), kept)
