"""Cuckoo smurfing: strangers' deposits stand in for a transfer that a payee truly expects."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "cuckoo-smurfing"
RISKY = frozenset({"source"})


def _substitute(case: Case, depositors: int, payees: int, hours: float, spread: float) -> None:
    rng = case.rng
    smurfs = case.recruit(Kind.PERSON, depositors)
    waiting = case.recruit(Kind.PERSON if rng.random() < 0.6 else Kind.FIRM, payees, fresh=0.3)
    expected = case.norm(waiting) * rng.lognormal(1.2, 0.5, waiting.size)
    day = 0
    for payee, total in zip(waiting.tolist(), expected.tolist(), strict=True):
        share = rng.dirichlet(np.full(smurfs.size, spread)) * total
        at = float(case.minutes(1)[0]) + rng.exponential(hours * 60, smurfs.size)
        on = day + (at // 1300).astype(int)
        roles = ("source", "target")
        case.pay("split", np.minimum(on, 27), at % 1300, share, smurfs, payee, roles)
        day = min(day + 1 + int(rng.exponential(2.5)), 24)
    case.hide(smurfs, "source", day + 1)


def plan(case: Case) -> None:
    """A dirty-cash ring pays innocent payees; their true senders' money goes to the ring abroad."""
    depositors = 2 + int(case.rng.poisson(1.8))
    payees = 2 + int(case.rng.poisson(1.2))
    _substitute(case, depositors, payees, case.blend(0.6, 5.0), case.blend(30.0, 8.0))


def lookalike(case: Case) -> None:
    """Relatives chip in for a relative's tuition, wedding or hospital bill, more than once."""
    depositors = 2 + int(case.rng.poisson(1.9))
    payees = 1 + int(case.rng.poisson(1.6))
    _substitute(case, depositors, payees, case.rng.uniform(2.0, 40.0), case.rng.uniform(1.5, 20.0))
