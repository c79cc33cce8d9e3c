"""Cycle: money goes round through several accounts and comes back to where it started."""

from __future__ import annotations

import numpy as np

from simulators.cases import Case
from simulators.codes import Kind

NAME = "cycle"
RISKY = frozenset({"shell"})
HABITUAL = True


def _turn(case: Case, length: int, rounds: int, wait: float, cut: float, size: float) -> None:
    rng = case.rng
    ring = np.append(case.lead(Kind.FIRM), case.recruit(Kind.FIRM, length - 1))
    day, minute = 0, float(case.minutes(1, "customer")[0])
    for _ in range(rounds):
        dollars = size * rng.lognormal(0.0, 0.4)
        for i in range(ring.size):
            pair = ring[i], ring[(i + 1) % ring.size]
            case.pay("move", min(day, 24), minute, dollars, *pair, ("shell", "shell"))
            dollars *= 1 - rng.uniform(0.0, cut)
            minute += rng.lognormal(wait, 0.8)
            while minute >= 1300:
                day, minute = day + 1, max(minute - 1300, 300 + 300 * rng.random())
        day += int(rng.integers(1, 4))
    case.hide(ring, "shell", min(day, 20))


def plan(case: Case) -> None:
    """Shells turn the same money round to make it look like turnover."""
    length = int(case.rng.integers(3, 7))
    size = case.rng.lognormal(11.0, 0.9)
    rounds = 1 + int(case.rng.random() < 0.4)
    _turn(case, length, rounds, case.blend(3.8, 6.0), case.blend(0.02, 0.12), size)


def lookalike(case: Case) -> None:
    """Firms of one group net out what they owe each other."""
    size = case.rng.lognormal(10.9, 1.1)
    wait = case.rng.uniform(5.0, 7.5)
    length = int(case.rng.integers(3, 6))
    _turn(case, length, 1 + int(case.rng.random() < 0.4), wait, case.rng.uniform(0.05, 0.5), size)
