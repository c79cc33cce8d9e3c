"""Weighted neighbours of every node in one direction, as arrays for the hot loop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

_FIRST_CAPACITY = 4


class Adjacency:
    """Growable rows of (neighbour, weight); a neighbour occurs once in a row.

    A removed entry is replaced by the row's last one, so a row is always dense. Its total
    is kept beside it: added to on growth, summed anew on any loss, exactly 0 when empty.
    """

    def __init__(self) -> None:
        self._totals: npt.NDArray[np.float64] = np.zeros(0)
        self.degrees: list[int] = []
        self._neighbours: list[npt.NDArray[np.int64]] = []
        self._weights: list[npt.NDArray[np.float64]] = []

    def add_node(self) -> None:
        """Append a node without neighbours."""
        if len(self.degrees) == len(self._totals):
            room = max(64, len(self._totals))
            self._totals = np.concatenate([self._totals, np.zeros(room)])
        self.degrees.append(0)
        self._neighbours.append(np.empty(0, np.int64))
        self._weights.append(np.empty(0, np.float64))

    @property
    def totals(self) -> npt.NDArray[np.float64]:
        """View of the totals of all rows, shape [nodes]."""
        return self._totals[: len(self.degrees)]

    def neighbours(self, node: int) -> npt.NDArray[np.int64]:
        """View of the neighbours of ``node``, shape [degree]."""
        return self._neighbours[node][: self.degrees[node]]

    def weights(self, node: int) -> npt.NDArray[np.float64]:
        """View of the weights of ``node``'s row, shape [degree]."""
        return self._weights[node][: self.degrees[node]]

    def append(self, node: int, neighbour: int, weight: float) -> int:
        """Add a neighbour and return its place in the row."""
        at = self.degrees[node]
        if at == len(self._neighbours[node]):
            capacity = max(_FIRST_CAPACITY, 2 * at)
            self._neighbours[node] = np.resize(self._neighbours[node], capacity)
            self._weights[node] = np.resize(self._weights[node], capacity)
        self._neighbours[node][at] = neighbour
        self._weights[node][at] = weight
        self.degrees[node] = at + 1
        self._totals[node] += weight
        return at

    def increase(self, node: int, at: int, weight: float, added: float) -> None:
        """Set the weight at a place of the row, ``added`` more than before."""
        self._weights[node][at] = weight
        self._totals[node] += added

    def set(self, node: int, at: int, weight: float) -> None:
        """Set the weight at a place of the row to a smaller one; the total is summed anew."""
        self._weights[node][at] = weight
        self._totals[node] = float(self.weights(node).sum())

    def remove(self, node: int, at: int) -> int:
        """Remove the entry at a place; return the neighbour that moved there, or -1."""
        last = self.degrees[node] - 1
        neighbours, weights = self._neighbours[node], self._weights[node]
        moved = -1
        if at != last:
            neighbours[at] = neighbours[last]
            weights[at] = weights[last]
            moved = int(neighbours[at])
        self.degrees[node] = last
        self._totals[node] = float(weights[:last].sum()) if last else 0.0
        return moved

    def rescale(self, factor: float) -> None:
        """Multiply every weight and total by ``factor``."""
        for node, degree in enumerate(self.degrees):
            self._weights[node][:degree] *= factor
        self._totals *= factor

    def transitions(self) -> sparse.csr_array[np.float64]:
        """Shares of each row in its total, as a matrix [nodes, nodes]."""
        nodes = len(self.degrees)
        starts = np.concatenate([[0], np.cumsum(self.degrees, dtype=np.int64)])
        nothing = (np.empty(0, np.int64), np.empty(0, np.float64))
        neighbours = np.concatenate([nothing[0], *map(self.neighbours, range(nodes))])
        weights = np.concatenate([nothing[1], *map(self.weights, range(nodes))])
        shares = weights / np.repeat(self.totals, self.degrees)
        return sparse.csr_array((shares, neighbours, starts), shape=(nodes, nodes))

    def restore_row(
        self,
        node: int,
        neighbours: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        total: float,
    ) -> None:
        """Put back a row as :meth:`neighbours`, :meth:`weights` and ``totals`` gave it."""
        self._neighbours[node] = neighbours.copy()
        self._weights[node] = weights.copy()
        self.degrees[node] = len(neighbours)
        self._totals[node] = total
