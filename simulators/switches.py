"""Switches: what changes in a world on a given day, so that the change can be measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulators.calendar import CUSTOMER_CUTOFF
from simulators.clock import MINUTE_MS
from simulators.entries import Entries


@dataclass(frozen=True)
class Drift:
    """From ``day`` on, all customers' amounts are ``factor`` times as large and paid later.

    Attributes:
        day: first day.
        factor: multiplies amounts.
        minutes: added to the time of payment (negative: earlier).
    """

    day: int
    factor: float = 1.0
    minutes: float = 0.0


@dataclass(frozen=True)
class Switches:
    """All changes of a world; they are written down beside its truth.

    Attributes:
        typology_days: (typology, day) pairs: its schemes start on that day at the earliest.
        family_days: (family, day) pairs: its payments start on that day.
        drifts: changes of amounts and hours; each replaces the one before.
    """

    typology_days: tuple[tuple[str, int], ...] = ()
    family_days: tuple[tuple[str, int], ...] = ()
    drifts: tuple[Drift, ...] = ()

    def begins(self, name: str) -> int | None:
        """First day of a typology or family, None where no switch names it."""
        return dict(self.typology_days + self.family_days).get(name)

    def drift(self, whole: Entries, day: int) -> Entries:
        """Apply the latest drift to the customers' payments of a day."""
        past = [drift for drift in self.drifts if drift.day <= day]
        if not past:
            return whole
        latest = max(past, key=lambda drift: drift.day)
        customers = whole.debtor >= 0
        cents = np.where(customers, whole.amount_cents * latest.factor, whole.amount_cents)
        moved = whole.offset_ms + np.int64(latest.minutes * MINUTE_MS)
        inside = np.clip(moved, 0, CUSTOMER_CUTOFF * MINUTE_MS - 1)
        return replace(
            whole,
            amount_cents=np.maximum(np.rint(cents), 1).astype(np.int64),
            offset_ms=np.where(customers, inside, whole.offset_ms),
        )
