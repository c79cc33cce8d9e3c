"""Pass-through mule: money comes in and leaves again within hours, less a cut."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "pass-through"
RISKY = frozenset({"mule"})
HABITUAL = True


def _relay(case: Case, rounds: int, wait: float, cut: tuple[float, float], size: float) -> None:
    rng = case.rng
    mule = case.lead(Kind.PERSON)[0]
    kind = Kind.FIRM if rng.random() < 0.5 else Kind.PERSON
    day = 0
    for _ in range(rounds):
        source = case.recruit(kind, 1, fresh=0.1)[0]
        target = case.recruit(kind, 1, fresh=0.4)[0]
        dollars = size * rng.lognormal(0.0, 0.6)
        at = case.minutes(1)[0]
        leaves = at + rng.lognormal(wait, 0.9)
        case.pay("gather", day, at, dollars, source, mule, ("source", "mule"))
        pieces = 1 + int(rng.random() < 0.35)
        kept = dollars * (1 - rng.uniform(*cut)) / pieces
        for piece in range(pieces):
            later = leaves + 12 * piece
            case.pay("move", day, later, kept, mule, target, ("mule", "target"), round_share=0.3)
        day += 1 + int(rng.exponential(1.6))
    case.hide(np.array([mule]), "mule", day)


def plan(case: Case) -> None:
    """A person relays strangers' money a few times, keeping two to ten percent."""
    rounds = 2 + int(case.rng.poisson(1.8))
    size = case.rng.lognormal(case.blend(10.2, 9.4), 0.6)
    _relay(case, rounds, case.blend(3.2, 5.0), (0.02, case.blend(0.08, 0.2)), size)


def lookalike(case: Case) -> None:
    """An agent passes on deposits, or a family member forwards money for a purchase."""
    size = case.rng.lognormal(9.2, 0.9)
    _relay(case, 1 + int(case.rng.poisson(0.9)), case.rng.uniform(4.5, 7.0), (0.0, 0.3), size)
