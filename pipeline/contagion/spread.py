"""Incremental personalised PageRank in one direction, by residual push.

With teleport probability a, seeds s (severities) and row-stochastic P, the exact spread is
pi = a s + (1 - a) P' pi. A node without outgoing money keeps what reaches it (a self-loop),
which makes pi linear in s and its mass equal to the seeds' mass. The state keeps an
estimate p and a residual r with the invariant pi = p + sum_u r(u) pi_u, pi_u being the
spread from u alone, hence |pi - p|_1 <= sum |r|.

Pushes follow Andersen, Chung and Lang (2006); the correction after a change of one edge
follows Zhang, Lofgren and Goel (2016), for decayed weights. One rate for all edges cancels
in P, so time alone changes nothing.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from pipeline.contagion.adjacency import Adjacency


class Spread:
    """Seeds' mass spread along the rows of an adjacency.

    Args:
        rows: the rows to follow (outgoing: to beneficiaries; incoming: to sources).
        teleport: a.
        tolerance: largest |r| left, for each unit of total seed mass.
        cap: pushes allowed in one call of :meth:`settle`.
    """

    def __init__(self, rows: Adjacency, teleport: float, tolerance: float, cap: int) -> None:
        self._rows = rows
        self._a = teleport
        self._tolerance = tolerance
        self._cap = cap
        self.seeds: dict[int, float] = {}
        self.estimate: npt.NDArray[np.float64] = np.zeros(0)
        self.residual: npt.NDArray[np.float64] = np.zeros(0)
        self.queue: deque[int] = deque()
        self._queued = bytearray()

    def bound(self, nodes: int) -> float:
        """L1 bound sum |r| of the error over the first ``nodes`` nodes."""
        return float(np.abs(self.residual[:nodes]).sum())

    def grow(self, nodes: int) -> None:
        """Make room for ``nodes`` nodes."""
        if nodes <= len(self.estimate):
            return
        room = max(64, 2 * len(self.estimate), nodes) - len(self.estimate)
        self.estimate = np.concatenate([self.estimate, np.zeros(room)])
        self.residual = np.concatenate([self.residual, np.zeros(room)])
        self._queued.extend(bytes(room))

    def set_seed(self, node: int, severity: float, nodes: int) -> list[int]:
        """Give a node a severity (0 takes it back); linear in the severities.

        A change of seeds moves the whole graph, so all nodes over the limit are pushed at
        once, pass by pass over all links. Each pass leaves at most (1 - a) of the
        residual.

        Returns:
            The pushed nodes, of the first ``nodes``.
        """
        change = severity - self.seeds.get(node, 0.0)
        if severity > 0:
            self.seeds[node] = severity
        else:
            self.seeds.pop(node, None)
        if not self.seeds:
            self._forget()
            return []
        self.residual[node] += change
        residual, estimate = self.residual[:nodes], self.estimate[:nodes]
        allowed = self._allowed()
        onward = self._rows.transitions().T * (1.0 - self._a)
        kept = np.where(np.array(self._rows.degrees) == 0, 1.0, self._a)
        pushed = np.zeros(nodes, bool)
        while (over := np.abs(residual) > allowed).any():
            pushed |= over
            moved = np.where(over, residual, 0.0)
            residual -= moved
            estimate += kept * moved
            residual += onward @ moved
        found: list[int] = np.flatnonzero(pushed).tolist()
        return found

    def increased(self, source: int, target: int, at: int, before: float, added: float) -> None:
        """Correct for ``added`` weight on source -> target, already in the row.

        Args:
            at: place of the target in the row.
            before: the row's total before.
        """
        p = float(self.estimate[source])
        if p == 0.0:
            return
        ratio = (1.0 - self._a) / self._a
        if before == 0.0:
            self._add(source, -ratio * p)
            self._add(target, ratio * p)
        elif added <= before:
            self.estimate[source] = p * ((before + added) / before)
            self._add(source, -p * added / (self._a * before))
            self._add(target, ratio * p * added / before)
        else:
            # Scaling p by a large factor would lose digits: correct the row itself.
            weights = self._rows.weights(source)
            shares = weights / self._rows.totals[source]
            shares -= weights / before
            shares[at] += added / before
            self._add_many(self._rows.neighbours(source), ratio * p * shares)

    def removed(self, source: int, target: int, weight: float, before: float) -> None:
        """Correct for the edge source -> target that has left the row."""
        p = float(self.estimate[source])
        if p == 0.0:
            return
        ratio = (1.0 - self._a) / self._a
        self._add(target, -ratio * p * weight / before)
        if self._rows.degrees[source] == 0:
            self._add(source, ratio * p)
            return
        weights = self._rows.weights(source)
        shares = weights / self._rows.totals[source] - weights / before
        self._add_many(self._rows.neighbours(source), ratio * p * shares)

    def refresh(self, nodes: int) -> None:
        """Compute the residual anew from the estimate, so that no rounding adds up.

        The invariant solved for it: r = s - (p - (1 - a) P' p) / a.
        """
        a = self._a
        estimate = self.estimate[:nodes]
        passed = self._rows.transitions().T @ estimate
        passed += np.where(np.array(self._rows.degrees) == 0, estimate, 0.0)
        residual = ((1.0 - a) * passed - estimate) / a
        for node, severity in self.seeds.items():
            residual[node] += severity
        self.residual[:nodes] = residual
        for over in np.flatnonzero(np.abs(residual) > self._allowed()).tolist():
            self._enqueue(over)

    def settle(self) -> list[int]:
        """Push until every |r| is allowed or the cap is reached; return the pushed nodes."""
        if not self.queue:
            return []
        allowed = self._allowed()
        estimate, residual, queued, queue = self.estimate, self.residual, self._queued, self.queue
        rows, a = self._rows, self._a
        pushed: list[int] = []
        for _ in range(self._cap):
            if not queue:
                break
            node = queue.popleft()
            queued[node] = 0
            r = float(residual[node])
            if abs(r) <= allowed:
                continue
            pushed.append(node)
            residual[node] = 0.0
            total = rows.totals[node]
            if total == 0.0:
                estimate[node] += r
                continue
            estimate[node] += a * r
            neighbours = rows.neighbours(node)
            values = residual[neighbours]
            values += rows.weights(node) * ((1.0 - a) * r / total)
            residual[neighbours] = values
            for over in neighbours[np.abs(values) > allowed].tolist():
                if not queued[over]:
                    queued[over] = 1
                    queue.append(over)
        return pushed

    def restore(
        self,
        seeds: dict[int, float],
        estimate: npt.NDArray[np.float64],
        residual: npt.NDArray[np.float64],
        queue: list[int],
    ) -> None:
        """Put back the state of ``seeds``, ``estimate``, ``residual`` and ``queue``."""
        self.seeds = dict(seeds)
        self.grow(len(estimate))
        self.estimate[: len(estimate)] = estimate
        self.residual[: len(residual)] = residual
        for node in queue:
            self._enqueue(node)

    def _allowed(self) -> float:
        return self._tolerance * sum(self.seeds.values())

    def _forget(self) -> None:
        # Without seeds the exact spread is zero: no residue of a cleared flag may stay.
        self.estimate[:] = 0.0
        self.residual[:] = 0.0
        self.queue.clear()
        self._queued = bytearray(len(self.estimate))

    def _enqueue(self, node: int) -> None:
        if not self._queued[node]:
            self._queued[node] = 1
            self.queue.append(node)

    def _add(self, node: int, amount: float) -> None:
        self.residual[node] += amount
        self._enqueue(node)

    def _add_many(self, nodes: npt.NDArray[np.int64], amounts: npt.NDArray[np.float64]) -> None:
        self.residual[nodes] += amounts
        allowed = self._allowed()
        for node in nodes[np.abs(self.residual[nodes]) > allowed].tolist():
            self._enqueue(node)
