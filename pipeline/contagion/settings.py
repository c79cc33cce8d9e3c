"""The knobs of the live contagion graph, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY_MS = 86_400_000
MAX_EXPONENT = 50.0
"""Largest exponent of a forward-decay weight before the landmark moves."""


@dataclass(frozen=True, slots=True)
class ContagionSettings:
    """How money's nearness to flagged entities is measured and reported.

    Args:
        teleport: restart probability a of personalised PageRank.
        tolerance: largest residual left at a node; its exposures err by at most
            tolerance / teleport in each direction.
        pushes_per_record: cap of pushes after one record and direction; what is left over
            is carried to the next record and stays inside the published bound.
        half_life_days: half-life of a payment's weight.
        horizon_days: a link without payments for so long is dropped.
        steps: exposure levels whose crossing is reported, rising.
        fall: a level is left only below ``fall`` times its step (hysteresis).
        flag_at: the step that raises a contagion flag.
        flag_days: a contagion flag without new payments for so long is cleared.
        max_hops: longest path shown, and hops that taint survives.
        top_paths: paths shown in an alert.
        deadline_ms: an alert later than this after the payment's arrival is marked.
    """

    teleport: float = 0.15
    tolerance: float = 1e-4
    pushes_per_record: int = 20_000
    half_life_days: float = 14.0
    horizon_days: int = 60
    steps: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
    fall: float = 0.7
    flag_at: float = 0.2
    flag_days: float = 14.0
    max_hops: int = 4
    top_paths: int = 5
    deadline_ms: int = 275

    def __post_init__(self) -> None:
        if not 0 < self.teleport < 1:
            raise ValueError("teleport must lie between 0 and 1")
        if not 0 < self.tolerance < 1:
            raise ValueError("tolerance must lie between 0 and 1")
        if self.pushes_per_record < 1:
            raise ValueError("pushes_per_record must be at least 1")
        if list(self.steps) != sorted(set(self.steps)) or not all(0 < s <= 1 for s in self.steps):
            raise ValueError("steps must rise and lie in (0, 1]")
        if self.flag_at not in self.steps:
            raise ValueError("flag_at must be one of the steps")
        if not 0 < self.fall < 1:
            raise ValueError("fall must lie between 0 and 1")
        if self.half_life_days <= 0 or self.flag_days <= 0 or self.horizon_days < 1:
            raise ValueError("half_life_days, flag_days and horizon_days must be positive")
        if self.decay_per_ms * self.horizon_days * DAY_MS > MAX_EXPONENT:
            raise ValueError("horizon_days is too long for this half-life: weights would vanish")

    @property
    def decay_per_ms(self) -> float:
        """Decay rate lambda per millisecond."""
        return math.log(2.0) / (self.half_life_days * DAY_MS)

    @property
    def flag_level(self) -> int:
        """Level (1-based index in ``steps``) that raises a flag."""
        return self.steps.index(self.flag_at) + 1
