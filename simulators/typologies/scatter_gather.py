"""Scatter-gather: one source pays several go-betweens, who all pay the same sink."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "scatter-gather"
RISKY = frozenset({"controller", "mule", "collector"})
HABITUAL = True


def _spread_and_join(case: Case, width: int, days: float, wait: float, kept: float) -> None:
    rng = case.rng
    source = case.recruit(Kind.FIRM, 1, fresh=case.fresh_share * 0.6)
    sink = case.lead(Kind.FIRM if rng.random() < 0.7 else Kind.PERSON)
    middle = case.recruit(Kind.FIRM if rng.random() < 0.4 else Kind.PERSON, width)
    total = case.norm(source)[0] * rng.lognormal(1.0, 0.6)
    part = total * rng.dirichlet(np.full(middle.size, 6.0))
    when = np.minimum(rng.exponential(days, middle.size), 9).astype(int)
    minute = case.minutes(middle.size) * 0.8
    case.pay("split", when, minute, part, source, middle, ("controller", "mule"))
    later = minute + rng.lognormal(wait, 0.9, middle.size)
    on = when + (later // 1300).astype(int)
    forwarded = part * (1 - rng.uniform(0.0, kept, middle.size))
    case.pay("gather", on, later % 1300, forwarded, middle, sink, ("mule", "collector"))
    case.hide(middle, "mule", 8)


def plan(case: Case) -> None:
    """Go-betweens break the line between source and sink."""
    width = 3 + int(case.rng.poisson(2.5))
    _spread_and_join(case, width, case.blend(0.3, 2.0), case.blend(4.2, 6.4), 0.1)


def lookalike(case: Case) -> None:
    """A builder pays its subcontractors, who all buy from the same merchant."""
    width = 3 + int(case.rng.poisson(2.5))
    wait = case.rng.uniform(5.5, 8.0)
    _spread_and_join(case, width, case.rng.uniform(0.5, 4.0), wait, case.rng.uniform(0.15, 0.9))
