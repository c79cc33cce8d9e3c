"""Shell network: young firms trade among themselves at a pace that their business cannot bear."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "shell-network"
RISKY = frozenset({"shell"})


def _trade(case: Case, firms: int, trades: int, days: int, size: float, round_share: float) -> None:
    rng = case.rng
    shells = case.recruit(Kind.FIRM, firms)
    feeder = case.recruit(Kind.FIRM, 1, fresh=0.1)
    exit_ = case.recruit(Kind.FIRM if rng.random() < 0.6 else Kind.PERSON, 1, fresh=0.4)
    flow = size * 2.0
    case.pay("gather", 0, case.minutes(1), flow, feeder, shells[:1], ("source", "shell"))
    a = rng.integers(0, shells.size, trades)
    b = (a + rng.integers(1, max(shells.size, 2), trades)) % shells.size
    dollars = size * rng.lognormal(0.0, 0.6, trades)
    when = np.sort(rng.integers(0, days, trades))
    case.pay(
        "move",
        when,
        case.minutes(trades, "customer"),
        dollars,
        shells[a],
        shells[b],
        ("shell", "shell"),
        round_share=round_share,
    )
    last = shells[-1:]
    case.pay("extract", days, case.minutes(1), flow * 0.9, last, exit_, ("shell", "target"))
    case.hide(shells, "shell", days)


def plan(case: Case) -> None:
    """Invoices without goods between firms of one hidden owner."""
    firms = 3 + int(case.rng.poisson(1.5))
    trades = firms * int(case.rng.integers(2, 5))
    size = case.rng.lognormal(10.8, 0.8)
    _trade(case, firms, trades, int(case.blend(2, 10)) + 1, size, case.blend(0.7, 0.4))


def lookalike(case: Case) -> None:
    """Affiliates of a growing group invoice each other for true services."""
    firms = 3 + int(case.rng.poisson(1.5))
    trades = firms * int(case.rng.integers(2, 5))
    size = case.rng.lognormal(10.6, 1.0)
    _trade(case, firms, trades, int(case.rng.integers(7, 24)), size, case.rng.uniform(0.1, 0.7))
