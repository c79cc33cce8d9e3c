"""Mule recruitment: a recruiter tries out new accounts with small sums, then they relay."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "mule-recruitment"
RISKY = frozenset({"recruiter", "mule"})
HABITUAL = True


def _enlist(case: Case, people: int, trial: float, wait: float, cut: float, size: float) -> None:
    rng = case.rng
    boss = case.lead(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON)
    mules = case.recruit(Kind.PERSON, people, fresh=min(case.fresh_share * 1.2, 1.0))
    hired = rng.integers(0, 6, mules.size)
    small = trial * rng.lognormal(0.0, 0.4, mules.size)
    minute = case.minutes(mules.size)
    case.pay("recruit", hired, minute, small, boss, mules, ("recruiter", "mule"))
    sources = case.recruit(Kind.PERSON if rng.random() < 0.5 else Kind.FIRM, people, fresh=0.15)
    n = min(sources.size, mules.size)
    when = hired[:n] + 1 + np.minimum(rng.exponential(2.0, n), 8).astype(int)
    dollars = size * rng.lognormal(0.0, 0.5, n)
    minute = case.minutes(n) * 0.8
    case.pay("gather", when, minute, dollars, sources[:n], mules[:n], ("source", "mule"))
    later = minute + rng.lognormal(wait, 0.8, n)
    on = when + (later // 1300).astype(int)
    passed = dollars * (1 - rng.uniform(0.0, cut, n))
    case.pay("move", on, later % 1300, passed, mules[:n], boss, ("mule", "recruiter"))
    case.hide(mules, "mule", 12)


def plan(case: Case) -> None:
    """Job offers that turn people's accounts into relays."""
    people = 2 + int(case.rng.poisson(2.0))
    size = case.rng.lognormal(8.9, 0.6)
    _enlist(case, people, 120 * case.rng.lognormal(0, 0.6), case.blend(3.8, 6.0), 0.12, size)


def lookalike(case: Case) -> None:
    """An agency takes on sellers: a sign-up bonus, clients pay them, they pay the agency."""
    people = 2 + int(case.rng.poisson(2.2))
    trial = 150 * case.rng.lognormal(0, 0.7)
    cut = case.rng.uniform(0.15, 0.9)
    _enlist(case, people, trial, case.rng.uniform(5.5, 7.5), cut, case.rng.lognormal(8.7, 0.7))
