"""Gradient-boosted trees as bit vectors: QuickScorer (Lucchese et al. 2015), many rows at once.

Leaves of a tree are bits, the leftmost the lowest. A node whose test fails strikes out the
leaves on its left, and the lowest bit that stays is the leaf. All nodes are tested, which
takes a vector unit less time than to find out which need not be. Sums are LightGBM's, bit for
bit.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

_LANES: Final = 64
"""Rows at once."""
_VECTOR: Final = 8
_MOST_LEAVES: Final = 32
_ALL: Final = np.uint32(0xFFFFFFFF)
_ZERO: Final = np.float32(1e-35)
"""LightGBM takes what is nearer to zero for zero."""
_CATEGORICAL, _UNKNOWN_LEFT, _UNKNOWN_IS_ZERO, _UNKNOWN_IS_NAN = 1, 2, 4, 8
"""Bits of LightGBM's decision type."""
# NaN must compare as it does: no fast mathematics.
_compiled = njit(nogil=True, cache=True, error_model="numpy")


class Forest(NamedTuple):
    """Nodes and leaves of all trees, one tree behind the other."""

    feature: npt.NDArray[np.uint64]
    threshold: npt.NDArray[np.float32]
    """A value up to it goes to the left."""
    unknown_left: npt.NDArray[np.bool_]
    """Whether NaN does."""
    kept: npt.NDArray[np.uint32]
    """Leaves that stay if a row goes to the right."""
    node_begin: npt.NDArray[np.int64]
    """First node of each tree, and the end."""
    leaf: npt.NDArray[np.float64]
    leaf_begin: npt.NDArray[np.int64]

    @classmethod
    def read(cls, text: str) -> Forest:
        """Read LightGBM's text format.

        Raises:
            ValueError: a tree has more than 32 leaves, or tests that are not ``<=``.
        """
        nodes: list[tuple[int, float, bool, int]] = []
        leaves: list[float] = []
        node_begin, leaf_begin = [0], [0]
        for section in text.split("\nTree=")[1:]:
            tree = dict(line.partition("=")[::2] for line in section.split("\n\n")[0].split("\n"))
            _collect(tree, nodes, leaves)
            node_begin.append(len(nodes))
            leaf_begin.append(len(leaves))
        feature, threshold, unknown_left, kept = zip(*nodes, strict=True) if nodes else [()] * 4
        return cls(
            np.array(feature, np.uint64),
            _rounded_down(np.array(threshold, np.float64)),
            np.array(unknown_left, np.bool_),
            np.array(kept, np.uint32),
            np.array(node_begin, np.int64),
            np.array(leaves, np.float64),
            np.array(leaf_begin, np.int64),
        )

    def raw_score(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Sums of leaves, [N], of rows of inputs, [N, A]."""
        total = np.zeros(len(inputs), np.float64)
        _add_trees(self, np.ascontiguousarray(inputs, np.float32), total)
        return total


def _collect(
    tree: dict[str, str], nodes: list[tuple[int, float, bool, int]], leaves: list[float]
) -> None:
    """Append a tree's nodes and its leaves, these from left to right."""
    value = [float(v) for v in tree["leaf_value"].split()]
    if len(value) > _MOST_LEAVES:
        raise ValueError(f"a tree has more than {_MOST_LEAVES} leaves")
    feature, kind, left, right = (
        [int(v) for v in tree.get(name, "").split()]
        for name in ("split_feature", "decision_type", "left_child", "right_child")
    )
    threshold = [float(v) for v in tree.get("threshold", "").split()]
    first = len(leaves)

    def below(node: int) -> None:
        if node < 0:
            leaves.append(value[~node])
            return
        if kind[node] & (_CATEGORICAL | _UNKNOWN_IS_ZERO):
            raise ValueError("a tree has a test that is not <=")
        # Where LightGBM saw no NaN, it takes one for zero.
        zero_left = threshold[node] >= 0
        unknown_left = kind[node] & _UNKNOWN_LEFT if kind[node] & _UNKNOWN_IS_NAN else zero_left
        begin = len(leaves) - first
        below(left[node])
        struck = (1 << (len(leaves) - first)) - (1 << begin)
        nodes.append((feature[node], threshold[node], bool(unknown_left), ~struck & int(_ALL)))
        below(right[node])

    below(0 if feature else -1)


def _rounded_down(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest single-precision numbers up to these: for inputs of that precision the same."""
    largest = float(np.finfo(np.float32).max)
    nearest = np.clip(threshold, -largest, largest).astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > threshold, below, nearest)


@_compiled
def _add_trees(forest: Forest, inputs: Any, total: Any) -> None:
    values = np.zeros((inputs.shape[1], _LANES), np.float32)
    alive = np.empty(_LANES, np.uint32)
    for begin in range(0, len(inputs), _LANES):
        rows = min(_LANES, len(inputs) - begin)
        lanes = (rows + _VECTOR - 1) // _VECTOR * _VECTOR
        for lane in range(rows):
            for i in range(inputs.shape[1]):
                value = inputs[begin + lane, i]
                values[i, lane] = np.float32(0) if abs(value) <= _ZERO else value
        for tree in range(len(forest.leaf_begin) - 1):
            for lane in range(lanes):
                alive[lane] = _ALL
            for node in range(forest.node_begin[tree], forest.node_begin[tree + 1]):
                value = values[forest.feature[node]]
                threshold, kept = forest.threshold[node], forest.kept[node]
                if forest.unknown_left[node]:
                    for lane in range(lanes):
                        stays = kept if value[lane] > threshold else _ALL
                        alive[lane] = np.uint32(alive[lane] & stays)
                else:
                    for lane in range(lanes):
                        stays = _ALL if value[lane] <= threshold else kept
                        alive[lane] = np.uint32(alive[lane] & stays)
            for lane in range(rows):
                leaf = forest.leaf_begin[tree] + _lowest_bit(alive[lane])
                total[begin + lane] += forest.leaf[leaf]


@_compiled
def _lowest_bit(bits: Any) -> Any:
    """Place of the lowest bit that is set: the exponent of that bit as a number."""
    lowest = np.float32(np.uint32(bits & (~bits + np.uint32(1))))
    return (lowest.view(np.int32) >> 23) - 127
