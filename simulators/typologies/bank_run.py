"""Run on a bank: customers move their money elsewhere and the bank borrows to pay them."""

from __future__ import annotations

import numpy as np

from simulators.calendar import minute_of
from simulators.cases import Case

NAME = "bank-run"
RISKY = frozenset({"bank"})
WEIGHT = 0.12


def _flight(case: Case, days: int, growth: float, share: float, loans: float) -> None:
    rng = case.rng
    bank = case.recruit_bank()
    customers = case.customers_of(bank)
    for day in range(days):
        leaving = customers[rng.random(customers.size) < min(share * growth**day, 0.6)]
        haven = case.partners_anywhere(leaving)
        leaving, haven = leaving[haven >= 0], haven[haven >= 0]
        dollars = case.norm(leaving) * rng.lognormal(0.8, 0.8, leaving.size)
        minute = case.minutes(leaving.size)
        case.pay("stress", day, minute, dollars, leaving, haven, ("none", "none"), risky=False)
        lenders = case.lenders_to(bank, 1 + int(rng.poisson(loans * growth**day)))
        borrowed = np.rint(rng.lognormal(15.8, 0.9, lenders.size) / 1e5) * 1e5 + 1e5
        at = np.clip(rng.normal(minute_of(15, 30), 110, lenders.size), 60, 1300)
        case.pay_banks("stress", day, at, borrowed, lenders, bank, ("none", "bank"))


def plan(case: Case) -> None:
    """Withdrawals grow day by day, and so does the bank's borrowing."""
    days = 2 + int(case.rng.poisson(1.5))
    _flight(case, days, case.blend(2.0, 1.4), case.blend(0.15, 0.07), case.blend(8.0, 4.0))


def lookalike(case: Case) -> None:
    """Tax week or a dividend season draws deposits and is funded overnight."""
    days = 2 + int(case.rng.poisson(1.5))
    growth = case.rng.uniform(0.7, 1.2)
    _flight(case, days, growth, case.rng.uniform(0.02, 0.1), case.rng.uniform(0.8, 4.5))
