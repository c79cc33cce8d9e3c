"""Executive fraud: a firm is talked into one urgent, large payment to an account it never paid."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "executive-fraud"
RISKY = frozenset({"victim", "mule"})
HABITUAL = True


def _urgent(case: Case, level: float, pieces: int, onward: float, relay: bool) -> None:
    rng = case.rng
    firm = case.lead(Kind.FIRM, fresh=0.2)
    account = case.recruit(Kind.FIRM if rng.random() < 0.75 else Kind.PERSON, 1)
    habit = 1 + int(rng.poisson(3))
    partner = case.ground.partners(np.repeat(firm, habit), Kind.FIRM, rng)
    partner = partner[partner >= 0]
    usual = case.norm(firm) * rng.lognormal(0.0, 0.4, partner.size)
    when = rng.integers(0, 7, partner.size)
    minute = case.minutes(partner.size, "customer")
    roles = ("payer", "none")
    case.pay("habit", when, minute, usual, firm, partner, roles, risky=False)
    day = 7 + int(rng.integers(0, 3))
    at = case.minutes(pieces, "customer")
    dollars = case.norm(firm) * level * rng.lognormal(0.0, 0.3, pieces)
    on = day + np.arange(pieces)
    case.pay("extract", on, at, dollars, firm, account, ("victim", "mule"), round_share=0.5)
    if relay:
        target = case.recruit(Kind.PERSON if rng.random() < 0.4 else Kind.FIRM, 2, fresh=0.4)
        split = rng.dirichlet(np.full(target.size, 4.0))
        later = at[0] + rng.lognormal(onward, 0.8, target.size)
        out = dollars[0] * 0.97 * split
        case.pay("move", day, later, out, account, target, ("mule", "target"))


def plan(case: Case) -> None:
    """A forged order from the top: pay now, tell nobody."""
    level = np.exp(case.blend(2.2, 1.0))
    pieces = 1 + int(case.rng.random() < 0.3)
    _urgent(case, level, pieces, case.blend(3.4, 5.0), case.rng.random() < 0.92)


def lookalike(case: Case) -> None:
    """A true urgent deal: a deposit on a building, a settlement, a machine at auction."""
    level = case.rng.lognormal(0.9, 0.5)
    pieces = 1 + int(case.rng.random() < 0.3)
    _urgent(case, level, pieces, case.rng.uniform(4.5, 7.0), case.rng.random() < 0.4)
