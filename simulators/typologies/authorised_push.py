"""Authorised push payment: a person is led by small gains to pay ever larger sums."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "authorised-push"
RISKY = frozenset({"victim", "collector"})
HABITUAL = True


def _lead_on(case: Case, steps: int, growth: float, gap: float, returns: int, vanish: bool) -> None:
    rng = case.rng
    person = case.recruit(Kind.PERSON, 1, fresh=0.3)
    fund = case.lead(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON)
    when = np.minimum(np.cumsum(rng.exponential(gap, steps)), 26).astype(int)
    dollars = case.norm(person) * 0.35 * growth ** np.arange(steps) * rng.lognormal(0, 0.2, steps)
    early = max(steps // 2, 1)
    minute = case.minutes(steps)
    head, tail = slice(0, early), slice(early, None)
    roles = ("victim", "collector")
    case.pay("trust", when[head], minute[head], dollars[head], person, fund, roles, risky=False)
    case.pay("extract", when[tail], minute[tail], dollars[tail], person, fund, roles)
    back = min(returns, early)
    if back:
        gain = dollars[:back] * rng.uniform(0.2, 1.1, back)
        on = np.minimum(when[:back] + rng.integers(1, 4, back), 27)
        roles = ("collector", "victim")
        case.pay("trust", on, case.minutes(back), gain, fund, person, roles, risky=False)
    if vanish:
        target = case.recruit(Kind.FIRM if rng.random() < 0.5 else Kind.PERSON, 1, fresh=0.3)
        last = min(int(when[-1]) + int(rng.integers(0, 2)), 28)
        total = dollars[tail].sum() * rng.uniform(0.7, 0.95)
        case.pay("extract", last, case.minutes(1), total, fund, target, ("collector", "target"))


def plan(case: Case) -> None:
    """Investment and romance scams: trust first, then the savings."""
    steps = 4 + int(case.rng.poisson(2))
    growth = case.blend(2.1, 1.5)
    _lead_on(case, steps, growth, case.blend(0.9, 2.5), 1 + int(case.rng.poisson(0.8)), True)


def lookalike(case: Case) -> None:
    """A saver tries out a small adviser, likes the payouts and puts in more."""
    steps = 4 + int(case.rng.poisson(2))
    growth = case.rng.uniform(0.95, 1.5)
    returns = int(case.rng.poisson(1.3))
    _lead_on(case, steps, growth, case.rng.uniform(1.5, 5.0), returns, case.rng.random() < 0.3)
