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

SHORT: Final = 4
"""Events in the narrow window of a young counterparty."""


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


def by_length(
    function: Callable[..., tuple[Tensor, ...]], window: Tensor, lengths: Tensor, *rows: Tensor
) -> tuple[Tensor, ...]:
    """Apply a row-wise function to short histories and to long ones, each in its own width.

    Which width a row gets depends on its own length alone, so its bits still do not depend on
    its company. Most counterparties are young: their few events need no full window.

    Args:
        function: takes windows [B, T, F], lengths [B] and the rows; T is SHORT or the full
            width.
        window: [B, WINDOW, F], left-aligned.
        lengths: [B].
        rows: further arguments with B rows each.
    """
    is_short = lengths <= SHORT
    if bool(is_short.all()):
        return in_fixed_shapes(function, window[:, :SHORT], lengths, *rows)
    if not bool(is_short.any()):
        return in_fixed_shapes(function, window, lengths, *rows)
    places = (is_short.nonzero()[:, 0], (~is_short).nonzero()[:, 0])
    widths = (SHORT, window.shape[1])
    parts = [
        in_fixed_shapes(function, window[at, :width], lengths[at], *(each[at] for each in rows))
        for at, width in zip(places, widths, strict=True)
    ]
    back = torch.argsort(torch.cat(places))
    return tuple(torch.cat(column)[back] for column in zip(*parts, strict=True))


def _padded(tensor: Tensor, size: int) -> Tensor:
    if len(tensor) == size:
        return tensor
    return torch.cat([tensor, tensor.new_zeros(size - len(tensor), *tensor.shape[1:])])
