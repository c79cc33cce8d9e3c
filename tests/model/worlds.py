"""A toy stream with a learnable risk: large payments are mostly risky."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.model.sequences import LabelledColumns, Sequences, encode_sequences
from tests.encoding.observations import random_columns


def no_progress(stage: str, done: int, of: int) -> None:
    """Training without a bar."""


def toy_observations(seed: int, events: int, entities: int) -> LabelledColumns:
    """Half of the entities pay large sums now and then; those are risky nine times in ten."""
    rng = np.random.default_rng(seed)
    drawn = random_columns(rng, events, entities)
    modest = drawn.entity % np.uint64(2) == 0
    amount = np.where(modest, np.minimum(drawn.amount, 50_000.0), drawn.amount)
    columns = replace(drawn, amount=amount)
    large = columns.amount > 60_000
    risky = large & (rng.random(events) < 0.9)
    family = (columns.entity % np.uint64(3)).astype(np.int16)
    typology = np.where(risky, columns.counterparty % np.uint64(2), -1).astype(np.int8)
    return LabelledColumns(columns, risky.astype(np.int8), family, typology)


def toy_sequences(seed: int, events: int = 900, entities: int = 30) -> Sequences:
    """The same, encoded."""
    return encode_sequences([toy_observations(seed, events, entities)], 60, no_progress)
