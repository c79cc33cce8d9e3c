"""Fan-in: many strangers pay one collector within days, who then moves the sum on."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "fan-in"
RISKY = frozenset({"collector"})
HABITUAL = True


def _collect(
    case: Case, payers: int, days: float, size: float, spread: float, kept: float, rest: int
) -> None:
    rng = case.rng
    kind = Kind.FIRM if rng.random() < 0.4 else Kind.PERSON
    hub = case.lead(kind)
    victims = case.recruit(Kind.PERSON, payers, fresh=0.25)
    when = np.minimum(rng.exponential(days, victims.size), 15).astype(int)
    dollars = size * rng.lognormal(0.0, spread, victims.size)
    minute = case.minutes(victims.size)
    case.pay("gather", when, minute, dollars, victims, hub, ("payer", "collector"))
    last = int(when.max())
    moves = 1 + int(rng.poisson(1.2))
    targets = case.recruit(Kind.FIRM if rng.random() < 0.5 else Kind.PERSON, moves, fresh=0.3)
    total = dollars.sum() * (1 - kept)
    case.pay(
        "extract",
        last + rng.integers(0, rest, targets.size),
        case.minutes(targets.size),
        total * rng.dirichlet(np.full(targets.size, 3.0)),
        hub,
        targets,
        ("collector", "target"),
    )
    case.hide(hub, "collector", last + 2)


def plan(case: Case) -> None:
    """A scam's collecting account: unlike sums from people who do not know each other."""
    payers = 4 + int(case.rng.geometric(1 / 8))
    size = case.rng.lognormal(7.9, 0.7)
    _collect(case, min(payers, 40), case.blend(0.9, 3.0), size, case.blend(0.9, 0.5), 0.06, 2)


def lookalike(case: Case) -> None:
    """Dues, school fees or a group booking: like sums within days, then the bill is paid."""
    payers = 4 + int(case.rng.geometric(1 / 9))
    size = case.rng.lognormal(7.5, 0.8)
    spread = float(case.rng.choice([0.05, 0.2, 0.6]))
    kept = case.rng.uniform(0.05, 0.8)
    _collect(case, min(payers, 40), case.rng.uniform(1.5, 6.0), size, spread, kept, 6)
