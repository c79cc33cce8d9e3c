"""Sizes of the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

FEATURE_CLIP: Final = 4.0
"""Standardised features enter the risk head cut at so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes of the model; stored in the checkpoint's manifest."""

    width: int = 96
    layers: int = 3
    heads: int = 4
    feed_forward: int = 256
    prompt_vectors: int = 4
    readout_heads: int = 4
    inner_steps: int = 3
    risk_hidden: int = 128

    def as_dict(self) -> dict[str, int]:
        """Plain numbers, for the manifest."""
        return asdict(self)
