"""States of a frozen backbone that are computed once and looked up from then on.

A language model takes a second for a history; training its heads asks for the same states
hundreds of times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipeline.model.sequences import Progress, Sequences, opening_crops
from pipeline.model.text_backbone import TextBackbone

_BATCH: Final = 8
_FILE: Final = 32
"""Sequences in a file: what a stopped run loses at most."""


class RememberedStates(nn.Module):
    """Stands in for a text backbone on the opening crops of counterparties that it has read."""

    def __init__(self, backbone: TextBackbone) -> None:
        super().__init__()
        self.backbone = backbone
        self._states: dict[bytes, Tensor] = {}

    def remember(self, sequences: Sequences, directory: Path, progress: Progress) -> None:
        """Read the first events of all counterparties that the directory does not hold yet.

        Args:
            sequences: whose opening crops are read.
            directory: of states that this backbone, and no other, has read.
            progress: told of every file that is written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        for path in directory.glob("*.safetensors"):
            kept = load_file(path)
            names = [key.numpy().tobytes() for key in kept["keys"]]
            self._states.update(zip(names, kept["states"], strict=True))
        crops = opening_crops(sequences)
        codes = torch.from_numpy(sequences.codes[crops.rows])
        # Equal lengths side by side: little of a batch is then padding.
        keys = list(_keys(codes))
        order = np.argsort(crops.length, kind="stable")
        missing = np.array([i for i in order if keys[i] not in self._states], np.int64)
        for begin in range(0, len(missing), _FILE):
            rows = missing[begin : begin + _FILE]
            names = [keys[i] for i in rows]
            states = self._read(codes[rows], torch.from_numpy(crops.length[rows]))
            path = directory / f"{names[0].hex()}.safetensors"
            torn = path.with_suffix(".part")
            found = torch.from_numpy(np.frombuffer(b"".join(names), np.uint8).copy())
            save_file({"keys": found.view(len(rows), -1), "states": states}, torn)
            torn.replace(path)
            self._states.update(zip(names, states, strict=True))
            progress("read payments as text", begin + len(rows), len(missing))

    def standardise_by(self, sequences: Sequences) -> None:
        """Standardise by the states of these counterparties' events; they must be remembered."""
        crops = opening_crops(sequences)
        states = self._raw(torch.from_numpy(sequences.codes[crops.rows]))
        real = torch.arange(states.shape[1]) <= torch.from_numpy(crops.length)[:, None]
        self.backbone.standardise_by(states[real])

    def forward(self, codes: Tensor) -> Tensor:
        """States of remembered sequences, [B, T, F] to [B, T + 1, width].

        Raises:
            KeyError: a sequence was not remembered.
        """
        device = self.backbone.mean.device
        return self.backbone.standardised(self._raw(codes.cpu()).to(device))

    def _raw(self, codes: Tensor) -> Tensor:
        return torch.stack([self._states[key] for key in _keys(codes)])

    def _read(self, codes: Tensor, lengths: Tensor) -> Tensor:
        read = self.backbone.read
        slices = [slice(i, i + _BATCH) for i in range(0, len(codes), _BATCH)]
        return torch.cat([read(codes[s], lengths[s]).cpu() for s in slices])


def _keys(codes: Tensor) -> Iterator[bytes]:
    for row in codes.to(torch.int16).numpy():
        yield hashlib.blake2b(row.tobytes(), digest_size=16).digest()
