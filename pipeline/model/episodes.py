"""Episodes of meta-learning: adapt on the first events, be judged on the next ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from pipeline.encoding import WINDOW
from pipeline.model.pretrain import CropBatch, augmented, crop_batch
from pipeline.model.sequences import CROP, Crops, Sequences

SUPPORT_SIZES: Final = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""Own events after which the stream adapts; 0 keeps the start itself good."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """B episodes."""

    batch: CropBatch
    codes: Tensor
    """Augmented codes, [B, CROP, F]."""
    support: Tensor
    """Places of the inner loss, [B, CROP], bool."""
    query: Tensor
    """Places of the outer loss, [B, CROP], bool."""

    @property
    def events(self) -> Tensor:
        """Support events of each episode, [B]."""
        return self.support.sum(1)

    def to(self, device: torch.device) -> Episodes:
        """The same on a device."""
        places = (part.to(device) for part in (self.codes, self.support, self.query))
        return Episodes(self.batch.to(device), *places)


def sample_episodes(
    sequences: Sequences,
    crops: Crops,
    generator: torch.Generator,
    batch_size: int,
) -> Episodes:
    """Draw episodes in time order: support before query, within one counterparty.

    A crop that begins with the counterparty's first event is cut after a random number of
    SUPPORT_SIZES that leaves at least one event to judge by; a later crop always has its
    whole window as support, as the stream has then.
    """
    chosen = torch.randint(len(crops), (batch_size,), generator=generator).numpy()
    drawn = crops.take(chosen)
    batch = crop_batch(sequences, drawn)
    size = torch.randint(len(SUPPORT_SIZES), (batch_size,), generator=generator)
    cut = _cuts(drawn, torch.tensor(SUPPORT_SIZES)[size])
    place = torch.arange(CROP)
    before = place < cut[:, None]
    codes = augmented(batch.codes, generator)
    return Episodes(batch, codes, before & batch.predicted, batch.real & ~before)


def _cuts(crops: Crops, wanted: Tensor) -> Tensor:
    """The largest support size, up to the wanted one, that leaves an event to judge by."""
    sizes = torch.tensor(SUPPORT_SIZES)
    room = torch.from_numpy(np.asarray(crops.length - 1))
    limit = torch.minimum(wanted, room)
    largest = sizes[torch.searchsorted(sizes, limit, right=True) - 1]
    whole = torch.from_numpy(~crops.from_start)
    return torch.where(whole, torch.full_like(largest, WINDOW), largest)
