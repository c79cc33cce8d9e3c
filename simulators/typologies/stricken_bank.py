"""Stricken bank: a bank can receive but not send, and becomes a sink of liquidity."""

from __future__ import annotations

from simulators.calendar import minute_of
from simulators.cases import Case

NAME = "stricken-bank"
RISKY = frozenset({"bank"})
WEIGHT = 0.12


def _silence(case: Case, days: int, begins: int, hours: float) -> None:
    bank = case.recruit_bank()
    for day in range(days):
        ends = min(int(begins + 60 * hours), minute_of(18, 50))
        case.hold(day, bank, begins=begins, ends=ends, release=ends, share=1.0, spread=25.0)
        begins = int(minute_of(9, 0) + 120 * case.rng.random())


def plan(case: Case) -> None:
    """An attack or failure silences the sender for most of the day, perhaps again the next."""
    begins = minute_of(8, 0) + int(case.rng.integers(0, 240))
    days = 1 + int(case.rng.random() < 0.4)
    _silence(case, days, begins, case.blend(10.0, 4.0))


def lookalike(case: Case) -> None:
    """Planned maintenance: an announced pause of some hours, then the queue is sent."""
    begins = minute_of(6, 0) + int(case.rng.integers(0, 420))
    _silence(case, 1 + int(case.rng.random() < 0.3), begins, case.rng.uniform(0.5, 5.0))
