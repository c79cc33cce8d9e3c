"""Account takeover: a thief empties an old account towards payees it never paid before."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "account-takeover"
RISKY = frozenset({"account", "mule"})
HABITUAL = True


def _drain(case: Case, count: int, hours: float, level: float, probe: bool, new: float) -> None:
    rng = case.rng
    account = case.lead(Kind.FIRM if rng.random() < 0.4 else Kind.PERSON, fresh=0.15)
    payees = case.recruit(
        Kind.PERSON if rng.random() < 0.7 else Kind.FIRM, 1 + count // 3, fresh=new
    )
    habit = 2 + int(rng.poisson(3))
    partner = case.ground.partners(np.repeat(account, habit), Kind.FIRM, rng)
    partner = partner[partner >= 0]
    when = rng.integers(0, 8, partner.size)
    usual = case.norm(account) * rng.lognormal(0.0, 0.4, partner.size)
    roles = ("account", "none")
    case.pay("habit", when, case.minutes(partner.size), usual, account, partner, roles, risky=False)
    start = float(case.minutes(1)[0])
    day = 8 + int(rng.integers(0, 4))
    if probe:
        small = float(case.norm(account)[0]) * rng.uniform(0.02, 0.2)
        case.pay("probe", day, start, small, account, payees[0], ("account", "mule"))
    at = start + 5 + np.cumsum(rng.exponential(hours * 60, count))
    spill = (at // 1300).astype(int)
    case.pay(
        "extract",
        day + np.minimum(spill, 8),
        at % 1300,
        case.norm(account) * level * rng.lognormal(0.0, 0.35, count),
        account,
        rng.choice(payees, count),
        ("account", "mule"),
    )


def plan(case: Case) -> None:
    """After days of habit, a probe and then a burst of large payments to fresh accounts."""
    count = 2 + int(case.rng.poisson(2.5))
    level = np.exp(case.blend(1.8, 0.7))
    _drain(case, count, case.blend(0.12, 2.0), level, case.rng.random() < 0.6, case.fresh_share)


def lookalike(case: Case) -> None:
    """A move of house, a wedding or a new contractor: new payees and large sums in a week."""
    count = 2 + int(case.rng.poisson(2.2))
    level = case.rng.lognormal(0.5, 0.5)
    hours = case.rng.uniform(1.0, 30.0)
    _drain(case, count, hours, level, case.rng.random() < 0.4, 0.3)
