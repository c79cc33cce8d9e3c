"""Vendor redirection (business e-mail compromise): a known supplier's money goes elsewhere."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "vendor-redirection"
RISKY = frozenset({"victim", "mule"})
HABITUAL = True


def _redirect(
    case: Case, invoices: int, redirected: int, level: float, moved: bool, wait: float
) -> None:
    rng = case.rng
    buyer = case.recruit(Kind.FIRM, 1, fresh=0.2)
    supplier = case.recruit(Kind.FIRM, 1, fresh=0.2)
    kind = Kind.FIRM if rng.random() < 0.7 else Kind.PERSON
    account = case.lead(kind)
    usual = float(case.norm(buyer)[0] ** 0.5 * case.norm(supplier)[0] ** 0.5) * 1.3
    gap = int(rng.choice([2, 3, 5]))
    hour = float(case.minutes(1, "customer")[0])
    when = np.arange(invoices) * gap
    minute = np.abs(hour + rng.normal(0, 45, invoices))
    dollars = usual * rng.lognormal(0.0, 0.3, invoices)
    why = {"": 0.4, "SUPP": 0.35, "GDDS": 0.15, "SCVE": 0.1}
    roles = ("payer", "supplier")
    case.pay("habit", when, minute, dollars, buyer, supplier, roles, risky=False, why=why)
    after = min(int(when[-1]) + gap, 22)
    diverted = usual * level * rng.lognormal(0.0, 0.3, redirected)
    when = after + np.minimum(np.arange(redirected) * gap, 4)
    minute = np.abs(hour + rng.normal(0, 60, redirected))
    case.pay("extract", when, minute, diverted, buyer, account, ("victim", "mule"), why=why)
    if moved:
        target = case.recruit(Kind.PERSON if rng.random() < 0.5 else Kind.FIRM, 1, fresh=0.3)
        later = minute + rng.lognormal(wait, 0.8, redirected)
        case.pay("move", when, later, diverted * 0.95, account, target, ("mule", "target"))


def plan(case: Case) -> None:
    """After some true invoices, one or two are paid to a new account, which empties itself."""
    invoices = 2 + int(case.rng.poisson(2.0))
    level = np.exp(case.blend(1.2, 0.3))
    redirected = 1 + int(case.rng.random() < 0.4)
    moved = case.rng.random() < 0.92
    _redirect(case, invoices, redirected, level, moved, case.blend(3.2, 5.0))


def lookalike(case: Case) -> None:
    """The supplier changes its bank or factors its invoices, and the new account is its own."""
    invoices = 2 + int(case.rng.poisson(2.0))
    level = case.rng.lognormal(0.05, 0.25)
    redirected = 1 + int(case.rng.poisson(1.0))
    moved = case.rng.random() < 0.35
    _redirect(case, invoices, redirected, level, moved, case.rng.uniform(4.5, 7.0))
