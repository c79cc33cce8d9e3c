"""Gather-scatter: many pay one hub, and the hub pays many others."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "gather-scatter"
RISKY = frozenset({"collector"})
HABITUAL = True


def _join_and_spread(case: Case, payers: int, payees: int, days: float, kept: float) -> None:
    rng = case.rng
    hub = case.lead(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON)
    givers = case.recruit(Kind.PERSON if rng.random() < 0.7 else Kind.FIRM, payers, fresh=0.25)
    takers = case.recruit(Kind.PERSON if rng.random() < 0.6 else Kind.FIRM, payees, fresh=0.4)
    when = np.minimum(rng.exponential(days, givers.size), 12).astype(int)
    dollars = rng.lognormal(8.4, 0.7) * rng.lognormal(0.0, 0.5, givers.size)
    case.pay(
        "gather", when, case.minutes(givers.size), dollars, givers, hub, ("payer", "collector")
    )
    shares = rng.dirichlet(np.full(takers.size, 4.0)) * dollars.sum() * (1 - kept)
    out = int(np.median(when)) + np.minimum(rng.exponential(days, takers.size), 12).astype(int)
    minute = case.minutes(takers.size)
    case.pay("split", out, minute, shares, hub, takers, ("collector", "target"))
    case.hide(hub, "collector", 12)


def plan(case: Case) -> None:
    """Criminal takings are pooled and shared out again."""
    payers = 4 + int(case.rng.poisson(5))
    _join_and_spread(case, payers, 3 + int(case.rng.poisson(3)), case.blend(0.6, 2.8), 0.06)


def lookalike(case: Case) -> None:
    """An organiser collects fees and pays venue, speakers and caterers."""
    payers = 4 + int(case.rng.poisson(6))
    kept = case.rng.uniform(0.05, 0.7)
    days = case.rng.uniform(1.5, 6.0)
    _join_and_spread(case, payers, 3 + int(case.rng.poisson(3)), days, kept)
