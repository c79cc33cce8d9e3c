"""Bipartite: a group of payers each pays several of a group of payees."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "bipartite"
RISKY = frozenset({"source", "mule"})


def _cross(case: Case, left: int, right: int, density: float, days: int, size: float) -> None:
    rng = case.rng
    payers = case.recruit(Kind.FIRM if rng.random() < 0.5 else Kind.PERSON, left)
    payees = case.recruit(Kind.PERSON if rng.random() < 0.6 else Kind.FIRM, right)
    a, b = np.nonzero(rng.random((payers.size, payees.size)) < density)
    dollars = size * rng.lognormal(0.0, 0.5, a.size)
    when = rng.integers(0, days, a.size)
    roles = ("source", "mule")
    case.pay("split", when, case.minutes(a.size), dollars, payers[a], payees[b], roles)
    case.hide(payers, "source", days)


def plan(case: Case) -> None:
    """Two groups exchange sums crosswise, so that no single pair stands out."""
    left, right = 2 + int(case.rng.poisson(1.5)), 3 + int(case.rng.poisson(2))
    days = int(case.blend(1, 7)) + 1
    _cross(case, left, right, 0.85, days, case.rng.lognormal(8.9, 0.7))


def lookalike(case: Case) -> None:
    """Households share the same tutors, or firms the same freelancers."""
    left, right = 2 + int(case.rng.poisson(1.7)), 3 + int(case.rng.poisson(2))
    density = case.rng.uniform(0.25, 0.7)
    days = int(case.rng.integers(4, 20))
    _cross(case, left, right, density, days, case.rng.lognormal(8.6, 0.8))
