"""Stack: money passes down layers of accounts, each layer paying several of the next."""

from __future__ import annotations

import numpy as np

from simulators.cases import F64, Case
from simulators.codes import Kind

NAME = "stack"
RISKY = frozenset({"shell"})


def _layers(case: Case, depth: int, width: int, wait: float, cut: float) -> None:
    rng = case.rng
    source = case.recruit(Kind.FIRM, 2, fresh=0.2)
    holders = source
    held: F64 = case.norm(source) * rng.lognormal(1.0, 0.5, source.size)
    day = 0
    minute = float(case.minutes(1, "customer")[0])
    for layer in range(depth):
        final = layer == depth - 1
        kind = Kind.PERSON if final and rng.random() < 0.5 else Kind.FIRM
        below = case.recruit(kind, width, fresh=0.3 if final else case.fresh_share)
        fan = min(2, below.size)
        debtor = np.repeat(np.arange(holders.size), fan)
        creditor = (np.arange(debtor.size) + int(rng.integers(0, width))) % below.size
        part = held[debtor] * rng.uniform(0.4, 0.6, debtor.size) * (1 - rng.uniform(0, cut))
        at = minute + rng.exponential(60.0, debtor.size)
        roles = ("source" if layer == 0 else "shell", "target" if final else "shell")
        when = day + (at // 1300).astype(int)
        case.pay("move", when, at % 1300, part, holders[debtor], below[creditor], roles)
        held = np.asarray(np.bincount(creditor, weights=part, minlength=below.size), dtype=float)
        holders = below[held > 0]
        held = held[held > 0]
        minute += rng.lognormal(wait, 0.7)
        while minute >= 1200:
            day, minute = day + 1, max(minute - 1200, 300 + 300 * rng.random())
        if day > 20:
            break


def plan(case: Case) -> None:
    """Layers of shells put distance between the money and its source."""
    depth = int(case.rng.integers(2, 5))
    width = int(case.rng.integers(2, 5))
    _layers(case, depth, width, case.blend(4.2, 6.4), case.blend(0.03, 0.2))


def lookalike(case: Case) -> None:
    """A supply chain: retailers pay wholesalers, wholesalers pay makers."""
    depth = int(case.rng.integers(2, 5))
    width = int(case.rng.integers(2, 5))
    _layers(case, depth, width, case.rng.uniform(5.8, 7.8), case.rng.uniform(0.1, 0.7))
