"""Encoded events with histories, for the tests of the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.encoding import encode
from pipeline.model import ProfileModel
from tests.encoding.observations import filled_histories, random_columns


@dataclass(frozen=True, slots=True)
class Batch:
    window: Tensor
    lengths: Tensor
    codes: Tensor
    features: Tensor
    prompts: Tensor


def random_batch(model: ProfileModel, rows: int, seed: int = 0) -> Batch:
    """Rows with 0 to 16 events seen, each with a prompt of its own."""
    rng = np.random.default_rng(seed)
    histories = filled_histories(rng, rows, rounds=16)
    encoded = encode(random_columns(rng, rows), histories, np.arange(rows))
    generator = torch.Generator().manual_seed(seed)
    start = model.start_prompts(rows)
    return Batch(
        window=torch.from_numpy(histories.codes),
        lengths=torch.from_numpy(histories.lengths(np.arange(rows))),
        codes=torch.from_numpy(encoded.codes),
        features=torch.from_numpy(encoded.features),
        prompts=start + 0.1 * torch.randn(start.shape, generator=generator),
    )
