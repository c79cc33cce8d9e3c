"""Funnel account: small sums come in from many places over weeks and leave in one direction."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "funnel-account"
RISKY = frozenset({"account"})
HABITUAL = True


def _funnel(case: Case, deposits: int, days: int, size: float, every: int, kept: float) -> None:
    rng = case.rng
    account = case.lead(Kind.FIRM if rng.random() < 0.5 else Kind.PERSON)
    givers = case.recruit(Kind.PERSON, deposits, fresh=0.2)
    target = case.recruit(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON, 1, fresh=0.3)
    when = np.sort(rng.integers(0, days, givers.size))
    dollars = size * rng.lognormal(0.0, 0.4, givers.size)
    minute = case.minutes(givers.size)
    case.pay("gather", when, minute, dollars, givers, account, ("payer", "account"))
    turns = np.arange(every, days + every, every)
    held = np.array([dollars[(when < t) & (when >= t - every)].sum() for t in turns])
    turns, held = turns[held > 0], held[held > 0]
    out = held * (1 - kept)
    minute = case.minutes(turns.size)
    case.pay("extract", np.minimum(turns, 28), minute, out, account, target, ("account", "target"))
    case.hide(account, "account", days)


def plan(case: Case) -> None:
    """Helpers in many towns pay in; the funnel is emptied every few days."""
    deposits = 6 + int(case.rng.poisson(8))
    days = int(case.rng.integers(8, 22))
    size = case.rng.lognormal(7.8, 0.5)
    _funnel(case, deposits, days, size, 1 + int(case.rng.poisson(case.blend(0.2, 2.5))), 0.03)


def lookalike(case: Case) -> None:
    """A charity's appeal or a franchise's fees, handed on every week."""
    deposits = 6 + int(case.rng.poisson(9))
    days = int(case.rng.integers(8, 22))
    every = 2 + int(case.rng.poisson(2.5))
    kept = case.rng.uniform(0.05, 0.6)
    _funnel(case, deposits, days, case.rng.lognormal(7.6, 0.7), every, kept)
