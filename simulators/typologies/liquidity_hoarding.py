"""Liquidity hoarding: a bank that fears a shortage sends late and stops lending overnight."""

from __future__ import annotations

from simulators.calendar import minute_of
from simulators.cases import Case

NAME = "liquidity-hoarding"
RISKY = frozenset({"bank"})
WEIGHT = 0.12


def _withhold(case: Case, days: int, share: float, until: int) -> None:
    bank = case.recruit_bank()
    first = int(case.rng.integers(0, 3))
    for day in range(first, first + days):
        case.hold(day, bank, begins=0, ends=until, release=until, share=share, spread=70.0)


def plan(case: Case) -> None:
    """For days, most payments wait until the afternoon, whatever comes in."""
    days = 2 + int(case.rng.poisson(3))
    _withhold(case, days, case.blend(0.97, 0.7), minute_of(16, 45))


def lookalike(case: Case) -> None:
    """A bank with a new cut-off policy, or short of staff, pays in the afternoon for a while."""
    days = 1 + int(case.rng.poisson(2.5))
    until = minute_of(int(case.rng.integers(13, 17)), 20)
    _withhold(case, days, case.rng.uniform(0.3, 0.8), until)
