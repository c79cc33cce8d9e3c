"""Batches in a few fixed shapes, so that a row's bits do not depend on its company.

Matrix kernels pick their order of summation by shape: with three rows a product may differ
in its last bit from the same row among sixty-four. Padding to a few sizes, all of them
compared by a test, removes that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

SIZES: Final = (8, 16, 32, 64)
"""Row counts that the kernels ever see."""


def in_fixed_shapes(
    function: Callable[..., tuple[Tensor, ...]], *rows: Tensor
) -> tuple[Tensor, ...]:
    """Apply a row-wise function in chunks padded with zeros to one of SIZES.

    Args:
        function: takes tensors with B rows each, returns tensors with B rows each.
        rows: its arguments; all have the same number of rows, at least one.
    """
    n = len(rows[0])
    parts = []
    for begin in range(0, n, SIZES[-1]):
        chunk = [tensor[begin : begin + SIZES[-1]] for tensor in rows]
        length = len(chunk[0])
        size = next(s for s in SIZES if s >= length)
        padded = [_padded(tensor, size) for tensor in chunk]
        parts.append([result[:length] for result in function(*padded)])
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def _padded(tensor: Tensor, size: int) -> Tensor:
    if len(tensor) == size:
        return tensor
    return torch.cat([tensor, tensor.new_zeros(size - len(tensor), *tensor.shape[1:])])
