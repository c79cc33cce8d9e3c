"""Incremental two-way personalised PageRank at flagged entities, by residual push.

Start at an entity and follow its money backwards, each step to one of its payers by their
shares in its receipts; stop at each step with probability a. pi_v is where the walk from v
stops: v's personalised PageRank. Its exposure counts the visits to flagged entities,

    x(v) = sum_s severity(s) pi_v(s) / a = sum_k (1 - a)^k (Q^k severity)(v),

so someone all of whose money came from an entity of severity 1 has 0.85 with a = 0.15, and
someone with half of it, half as much: a haircut taint, lessened with every hop. It solves
x = severity + (1 - a) Q x. The same along payments forward asks where money goes.
Measuring from the entity's side matters: what a flagged entity pays to fifty mules is a
small part of its own money, and all of theirs.

The state is an estimate p and a residual r with x = p + (I - (1 - a) Q)^-1 r. The rows of Q
sum to at most 1, hence |x(v) - p(v)| <= max |r| / a at every v. Pushes follow Andersen et
al. (2007, contributions to PageRank); a payment changes one row of Q and so one residual.
One decay rate for all edges cancels in Q: time alone changes nothing.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from pipeline.contagion.adjacency import Adjacency


class Spread:
    """Exposure along one direction of the money.

    Args:
        rows: rows of Q: for each node, those whose exposure it takes over.
        dependents: the opposite rows: for each node, those that take over from it.
        teleport: a.
        tolerance: largest |r| left at a node.
        cap: pushes allowed in one call of :meth:`settle`.
    """

    def __init__(
        self, rows: Adjacency, dependents: Adjacency, teleport: float, tolerance: float, cap: int
    ) -> None:
        self.rows = rows
        self._dependents = dependents
        self._a = teleport
        self._tolerance = tolerance
        self._cap = cap
        self.seeds: dict[int, float] = {}
        self.estimate: npt.NDArray[np.float64] = np.zeros(0)
        self.residual: npt.NDArray[np.float64] = np.zeros(0)
        self.queue: deque[int] = deque()
        self._queued = bytearray()

    def bound(self) -> float:
        """Largest error that any node's estimate can have: max |r| / a."""
        return float(np.abs(self.residual).max(initial=0.0)) / self._a

    def near(self, node: int) -> float:
        """Estimate at a node without its own severity, not below 0."""
        return max(0.0, float(self.estimate[node]) - self.seeds.get(node, 0.0))

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

        A seed can move much of the graph, so all nodes over the limit are pushed at once,
        pass by pass over all links. Each pass leaves at most (1 - a) of the largest.

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
        Q = self.rows.transitions() * (1.0 - self._a)
        pushed = np.zeros(nodes, bool)
        while (over := np.abs(residual) > self._tolerance).any():
            pushed |= over
            moved = np.where(over, residual, 0.0)
            residual -= moved
            estimate += moved
            residual += Q @ moved
        found: list[int] = np.flatnonzero(pushed).tolist()
        return found

    def increased(self, node: int, other: int, before: float, added: float) -> None:
        """Correct for ``added`` weight of ``other`` in the node's row.

        Args:
            before: the row's total before.
        """
        residual = float(self.residual[node])
        own = self.seeds.get(node, 0.0) - float(self.estimate[node])
        # What the row brought, (1 - a) (Q p)(node), from the invariant: no pass over it.
        brought = residual - own
        brings = (1.0 - self._a) * float(self.estimate[other])
        change = added / (before + added) * (brings - (brought if before > 0.0 else 0.0))
        if change != 0.0:
            self.residual[node] = residual + change
            self._enqueue(node)

    def removed(self, node: int) -> None:
        """Correct for an entry that has left the node's row, or has lost weight."""
        weights = self.rows.weights(node)
        brought = 0.0
        if len(weights):
            mean = (weights * self.estimate[self.rows.neighbours(node)]).sum()
            brought = (1.0 - self._a) * float(mean) / float(self.rows.totals[node])
        self.residual[node] = self.seeds.get(node, 0.0) - float(self.estimate[node]) + brought
        self._enqueue(node)

    def refresh(self, nodes: int) -> None:
        """Compute all residuals anew, so that no rounding adds up: r = s - p + (1 - a) Q p."""
        estimate = self.estimate[:nodes]
        residual = (1.0 - self._a) * (self.rows.transitions() @ estimate) - estimate
        for node, severity in self.seeds.items():
            residual[node] += severity
        self.residual[:nodes] = residual
        for over in np.flatnonzero(np.abs(residual) > self._tolerance).tolist():
            self._enqueue(over)

    def settle(self) -> list[int]:
        """Push until every |r| is allowed or the cap is reached; return the pushed nodes."""
        if not self.queue:
            return []
        estimate, residual, queued, queue = self.estimate, self.residual, self._queued, self.queue
        totals, allowed = self.rows.totals, self._tolerance
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
            estimate[node] += r
            takers = self._dependents.neighbours(node)
            shares = self._dependents.weights(node) / totals[takers]
            values = residual[takers]
            values += shares * ((1.0 - self._a) * r)
            residual[takers] = values
            for over in takers[np.abs(values) > allowed].tolist():
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

    def _forget(self) -> None:
        # Without seeds exposure is exactly zero: no residue of a cleared flag may stay.
        self.estimate[:] = 0.0
        self.residual[:] = 0.0
        self.queue.clear()
        self._queued = bytearray(len(self.estimate))

    def _enqueue(self, node: int) -> None:
        if not self._queued[node]:
            self._queued[node] = 1
            self.queue.append(node)
