"""Nested correspondent: a foreign bank's account serves a hidden third bank's customers."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind
from simulators.flows import of_scheme

NAME = "nested-correspondent"
RISKY = frozenset({"account"})


def _nest(case: Case, flows: int, days: int, wait: float, kept: float, size: float) -> None:
    rng = case.rng
    bank = case.recruit(Kind.CORRESPONDENT, 1)
    payers = case.recruit(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON, flows, fresh=0.3)
    payees = case.recruit(Kind.PERSON if rng.random() < 0.5 else Kind.FIRM, flows, fresh=0.4)
    n = min(payers.size, payees.size)
    flow = of_scheme(case.ident, n)
    when = np.sort(rng.integers(0, days, n))
    minute = case.minutes(n, "foreign") * 0.85
    dollars = size * rng.lognormal(0.0, 0.7, n)
    roles = ("source", "account")
    case.pay("gather", when, minute, dollars, payers[:n], bank, roles, round_share=0.4, flow=flow)
    later = minute + rng.lognormal(wait, 0.8, n)
    on = when + (later // 1300).astype(int)
    passed = dollars * (1 - kept)
    roles = ("account", "target")
    case.pay(
        "move",
        on,
        later % 1300,
        passed,
        bank,
        payees[:n],
        roles,
        round_share=0.2,
        flow=flow,
        leg=2,
    )


def plan(case: Case) -> None:
    """Payers and payees have nothing to do with the account's own business."""
    flows = 4 + int(case.rng.poisson(4))
    size = case.rng.lognormal(10.4, 0.7)
    _nest(case, flows, int(case.blend(2, 10)) + 1, case.blend(3.4, 5.5), 0.01, size)


def lookalike(case: Case) -> None:
    """A correspondent takes on a declared regional client bank."""
    flows = 4 + int(case.rng.poisson(4))
    days = int(case.rng.integers(6, 22))
    kept = case.rng.uniform(0.0, 0.02)
    _nest(case, flows, days, case.rng.uniform(4.5, 7.0), kept, case.rng.lognormal(10.2, 0.9))
