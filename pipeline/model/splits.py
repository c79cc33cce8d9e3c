"""Disjoint counterparties for each purpose, and what is held out of all training."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.model.sequences import Sequences

SHARES: Final = {"fit": 0.6, "stack": 0.15, "calibrate": 0.125, "test": 0.125}
"""Share of the counterparties that are not held out."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Splits:
    """Masks over counterparties, [E] each, pairwise disjoint."""

    fit: Mask
    """Backbone, prompts, heads and trees learn from these."""
    stack: Mask
    """Stop the trees; fit the stack and the calibration's maps."""
    calibrate: Mask
    """Give the intervals their width."""
    test: Mask
    """Measured only."""
    unseen_family: Mask
    """Main family held out; measured only."""
    unseen_typology: Mask
    """Took part in a held-out typology; measured only."""


def split(
    sequences: Sequences, families: tuple[int, ...], typologies: tuple[int, ...], seed: int
) -> Splits:
    """Divide counterparties at random, the held-out ones apart.

    A counterparty that touched a held-out typology counts as that, whatever its family.
    """
    unseen_typology = sequences.ever(np.isin(sequences.typology, typologies))
    unseen_family = np.isin(sequences.main_family(), families) & ~unseen_typology
    free = ~unseen_typology & ~unseen_family
    draw = np.random.default_rng(seed).random(len(sequences))
    edges = np.concatenate([[0.0], np.cumsum(list(SHARES.values()))])
    fit, stack, calibrate, test = (
        free & (draw >= low) & (draw < high) for low, high in itertools.pairwise(edges)
    )
    return Splits(fit, stack, calibrate, test, unseen_family, unseen_typology)
