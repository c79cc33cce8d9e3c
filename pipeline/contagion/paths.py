"""The strongest walks of money between flagged entities and one entity, in words.

A walk of k hops between seed s and v adds severity * (1 - a)^k * prod Q to the exposure of
v. Best-first search from v is exact for the strongest simple walks: no walk through u can
bring more than estimate(u) times what lies between u and v.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from pipeline.contagion.graph import PaymentGraph
from pipeline.contagion.spread import Spread
from pipeline.moments import moment
from schemas.alert import GraphPath, PathHop

_EXPANSIONS = 300
_WIDTH = 24
_SHORT_ID = 14


@dataclass(frozen=True, slots=True)
class Walk:
    """Nodes in the order in which money moved, the seed among its two ends."""

    seed: int
    nodes: tuple[int, ...]
    weight: float


def strongest_walks(
    spread: Spread, node: int, teleport: float, max_hops: int, count: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Find the ``count`` strongest simple walks between any seed and ``node``.

    Returns:
        (contribution, nodes from seed to ``node``), strongest first.
    """
    found: list[tuple[float, tuple[int, ...]]] = []
    heap: list[tuple[float, int, bool, float, tuple[int, ...]]] = [(-1.0, 0, False, 1.0, (node,))]
    serial = expansions = 0
    while heap and len(found) < count and expansions < _EXPANSIONS:
        bound, _, complete, between, nodes = heapq.heappop(heap)
        if complete:
            found.append((-bound, nodes))
            continue
        if len(nodes) > max_hops:
            continue
        expansions += 1
        for source, share in _sources(spread, nodes[0]):
            if source in nodes:
                continue
            reached = between * (1.0 - teleport) * share
            longer = (source, *nodes)
            serial += 1
            through = float(spread.estimate[source]) * reached
            heapq.heappush(heap, (-through, serial, False, reached, longer))
            severity = spread.seeds.get(source)
            if severity is not None:
                serial += 1
                heapq.heappush(heap, (-severity * reached, serial, True, reached, longer))
    return found


def _sources(spread: Spread, node: int) -> list[tuple[int, float]]:
    """Those that a node takes exposure over from, with their shares in its row."""
    sources = spread.rows.neighbours(node)
    mass = spread.estimate[sources] * spread.rows.weights(node)
    best = np.argsort(-mass, kind="stable")[:_WIDTH]
    total = float(spread.rows.totals[node])
    weights = spread.rows.weights(node)
    return [(int(sources[i]), float(weights[i]) / total) for i in best.tolist() if mass[i] > 0.0]


def top_walks(
    received: Spread, sent: Spread, node: int, teleport: float, max_hops: int, count: int
) -> list[Walk]:
    """The strongest walks by which money came from flagged entities or went to them."""
    came = strongest_walks(received, node, teleport, max_hops, count)
    went = strongest_walks(sent, node, teleport, max_hops, count)
    walks = [Walk(nodes[0], nodes, weight) for weight, nodes in came]
    walks += [Walk(nodes[0], tuple(reversed(nodes)), weight) for weight, nodes in went]
    walks.sort(key=lambda walk: -walk.weight)
    return walks[:count]


def describe(graph: PaymentGraph, walk: Walk, exposure: float) -> GraphPath:
    """Put a walk as hops with their payments and one sentence."""
    hops: list[PathHop] = []
    first_ms, last_ms = 0, 0
    for debtor, creditor in zip(walk.nodes, walk.nodes[1:], strict=False):
        link = graph.link(debtor, creditor)
        assert link is not None, "a walk follows links"
        first_ms = link.first_ms if not hops else min(first_ms, link.first_ms)
        last_ms = max(last_ms, link.last_ms)
        hops.append(
            PathHop(
                debtor=graph.names[debtor],
                creditor=graph.names[creditor],
                payments=link.count,
                amount=link.amount,
                last_at=moment(link.last_ms),
            )
        )
    share = min(1.0, walk.weight / exposure) if exposure > 0 else 0.0
    return GraphPath(
        seed=graph.names[walk.seed],
        hops=tuple(hops),
        share=share,
        text=_sentence(hops, graph.names[walk.seed], last_ms - first_ms),
    )


def _sentence(hops: list[PathHop], seed: str, span_ms: int) -> str:
    payments = sum(hop.payments for hop in hops)
    amount = money(min(hop.amount for hop in hops))
    through = [short(hop.creditor) for hop in hops[:-1]]
    way = f"from {short(seed)}" if hops[0].debtor == seed else f"to {short(seed)}"
    via = f" via {' and '.join(through)}" if through else ""
    if payments == 1:
        return f"1 payment, {amount}, {way}"
    return f"{payments} payments, {amount}, {way}{via} within {duration(span_ms)}"


def money(amount: float) -> str:
    """Dollars in a few characters: $2.1 M."""
    for limit, unit in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if amount >= 0.9995 * limit:
            return f"${amount / limit:.3g} {unit}" if amount < 999.5 * limit else f"${amount:.3g}"
    return f"${amount:.2f}"


def duration(milliseconds: int) -> str:
    """A span of time, rounded up to minutes, hours or days: 6 h."""
    for unit_ms, limit, unit in ((60_000, 60, "min"), (3_600_000, 48, "h")):
        units = max(1, -(-milliseconds // unit_ms))
        if units <= limit:
            return f"{units} {unit}"
    return f"{-(-milliseconds // 86_400_000)} d"


def short(entity: str) -> str:
    """An entity id that fits a sentence: banks whole, parties by their first digits."""
    return entity if len(entity) <= _SHORT_ID else entity[:_SHORT_ID]
