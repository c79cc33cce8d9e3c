"""The share of risky parties that a checkpoint is calibrated for, and that streams have."""

from __future__ import annotations

from typing import Final

CALIBRATED_SHARE: Final = 0.05
"""Default of ``coldwire train``, and so of the shipped checkpoint."""


def prevalence_ratio(share: float) -> float:
    """Odds of risk at a share of risky parties, divided by those calibrated for."""
    return (share / (1 - share)) / (CALIBRATED_SHARE / (1 - CALIBRATED_SHARE))
