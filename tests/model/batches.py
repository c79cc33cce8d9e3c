"""Encoded events with histories, for the tests of the model."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pipeline.encoding import encode
from pipeline.model import ServedModel
from pipeline.model.served_model import Codes, Counts, Float
from tests.encoding.observations import filled_histories, random_columns


@dataclass(frozen=True, slots=True)
class Batch:
    window: Codes
    lengths: Counts
    codes: Codes
    features: Float
    prompts: Float
    told: Float
    """States of the other sides; of every third row nothing."""

    def take(self, rows: slice) -> Batch:
        """Some of the rows."""
        return Batch(*(getattr(self, f.name)[rows] for f in fields(self)))


def random_batch(model: ServedModel, rows: int, seed: int = 0) -> Batch:
    """Rows with 0 to 16 events seen, each with a prompt of its own."""
    rng = np.random.default_rng(seed)
    histories = filled_histories(rng, rows, rounds=16)
    encoded = encode(random_columns(rng, rows), histories, np.arange(rows))
    start = model.start_prompts(rows)
    told = rng.normal(size=(rows, model.architecture.width)).astype(np.float32)
    told[::3] = np.nan
    return Batch(
        window=histories.codes,
        lengths=histories.lengths(np.arange(rows)),
        codes=encoded.codes,
        features=encoded.features,
        prompts=start + rng.normal(scale=0.1, size=start.shape).astype(np.float32),
        told=told,
    )
