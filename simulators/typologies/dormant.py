"""Dormant then active: an account sleeps after a first payment, then moves large sums fast."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "dormant-active"
RISKY = frozenset({"account"})
HABITUAL = True


def _wake(
    case: Case, sleep: int, flows: int, size: float, within: float, kept: float, wait: float
) -> None:
    rng = case.rng
    kind = Kind.FIRM if rng.random() < 0.6 else Kind.PERSON
    account = case.lead(kind)
    opener = case.recruit(Kind.FIRM, 1, fresh=0.1)
    first = case.norm(account) * rng.lognormal(-1.0, 0.7)
    case.pay("habit", 0, case.minutes(1), first, opener, account, ("none", "account"), risky=False)
    sources = case.recruit(Kind.FIRM, flows, fresh=0.2)
    targets = case.recruit(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON, flows, fresh=0.4)
    n = min(sources.size, targets.size)
    when = sleep + np.minimum(rng.exponential(within, n), 6).astype(int)
    dollars = size * case.norm(account) * rng.lognormal(0.0, 0.5, n)
    minute = case.minutes(n, "customer") * 0.8
    case.pay("gather", when, minute, dollars, sources[:n], account, ("source", "account"))
    out = dollars * (1 - rng.uniform(0.0, kept, n))
    later = minute + rng.lognormal(wait, 0.9, n)
    case.pay("extract", when, later, out, account, targets[:n], ("account", "target"))


def plan(case: Case) -> None:
    """A prepared account is woken when the money comes."""
    sleep = int(case.rng.integers(5, 19))
    flows = 1 + int(case.rng.poisson(2.5))
    size = np.exp(case.blend(2.6, 1.4))
    _wake(case, sleep, flows, size, case.blend(0.3, 2.0), 0.12, case.blend(3.8, 5.3))


def lookalike(case: Case) -> None:
    """A seasonal business or a new firm's first contract."""
    sleep = int(case.rng.integers(4, 19))
    size = case.rng.lognormal(0.8, 0.7)
    wait, kept = case.rng.uniform(5.0, 7.0), case.rng.uniform(0.1, 0.8)
    _wake(case, sleep, 1 + int(case.rng.poisson(2.2)), size, 2.0, kept, wait)
