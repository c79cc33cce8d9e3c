"""Trade-based round trip: over-invoiced goods carry money out, an affiliate brings it back."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "trade-round-trip"
RISKY = frozenset({"shell", "account"})
HABITUAL = True


def _invoices(case: Case, rounds: int, markup: float, back: float, gap: float) -> None:
    rng = case.rng
    importer = case.lead(Kind.FIRM, fresh=case.fresh_share * 0.6)
    exporter = case.recruit(Kind.FIRM, 1)
    affiliate = case.recruit(Kind.FIRM, 1)
    value = case.norm(importer)[0] * rng.lognormal(0.6, 0.5)
    when = np.minimum(np.cumsum(rng.exponential(gap, rounds)), 22)
    billed = value * markup * rng.lognormal(0.0, 0.15, rounds)
    goods = {"GDDS": 0.45, "SUPP": 0.15, "": 0.4}
    minute = case.minutes(rounds, "foreign")
    roles = ("account", "shell")
    case.pay("move", when.astype(int), minute, billed, importer, exporter, roles, why=goods)
    on = np.minimum(when + rng.exponential(1.5, rounds), 25).astype(int)
    part = billed * back * rng.uniform(0.8, 1.0, rounds)
    minute = case.minutes(rounds, "foreign")
    case.pay("move", on, minute, part, exporter, affiliate, ("shell", "shell"))
    home = np.minimum(on + 1 + rng.exponential(1.5, rounds).astype(int), 28)
    rest = part * rng.uniform(0.85, 1.0, rounds)
    minute = case.minutes(rounds, "customer")
    why = {"": 0.5, "SCVE": 0.2, "LOAN": 0.15, "INTC": 0.15}
    case.pay("move", home, minute, rest, affiliate, importer, ("shell", "account"), why=why)


def plan(case: Case) -> None:
    """The price is far above the goods' value; most of it comes home as a loan or a fee."""
    rounds = 2 + int(case.rng.poisson(1.5))
    _invoices(case, rounds, case.blend(3.0, 1.5), case.blend(0.95, 0.7), 1.8)


def lookalike(case: Case) -> None:
    """Processing trade: material goes out, a partner finishes it, rebates come back."""
    rounds = 2 + int(case.rng.poisson(1.6))
    markup = case.rng.uniform(0.6, 1.8)
    _invoices(case, rounds, markup, case.rng.uniform(0.15, 0.8), case.rng.uniform(1.5, 4.0))
