"""Benchmarks of the contagion graph: python -m pipeline.contagion.benchmark [--parties N].

Prints one JSON object. Times are given as seconds of CPU and of the clock, since other
work on the machine lengthens the latter. Links and payments are drawn with Zipf activity,
as Fedwire's participants have it; every participant pays on its own account.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion import snapshot
from pipeline.contagion.clearing import clear
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.peers import cascade_peer, pagerank, settlement_peer, timed
from schemas.records import FlagChange, FlagState, Flow

_START = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
_SEEDS = 50
Pairs = npt.NDArray[np.int64]


def draw_links(nodes: int, links: int, rng: np.random.Generator) -> Pairs:
    """Distinct directed pairs [links, 2] between nodes of Zipf activity."""
    chances = []
    for power in (1.0, 1.3):
        fitness = ((np.arange(nodes) + 3.0) ** -0.9 * rng.lognormal(0, 0.15, nodes)) ** power
        chances.append(fitness / fitness.sum())
    found: npt.NDArray[np.int64] = np.empty(0, np.int64)
    while len(found) < links:
        payers = rng.choice(nodes, 2 * links, p=chances[0])
        payees = rng.choice(nodes, 2 * links, p=chances[1])
        keys = np.concatenate([found, (payers * nodes + payees)[payers != payees]])
        _, first = np.unique(keys, return_index=True)
        found = keys[np.sort(first)]
    return np.stack(np.divmod(found[:links], nodes), axis=1)


class Traffic:
    """Flows along links, and flags, one a second of event time."""

    def __init__(self, name: Callable[[int], str], links: Pairs, rng: np.random.Generator) -> None:
        self._name = name
        self._links = links
        self._rng = rng
        self._offset = 0
        # Busy links first: a link's traffic falls with the rank at which it was drawn.
        activity = (np.arange(len(links)) + 100.0) ** -0.7
        self._activity = activity / activity.sum()

    def once(self) -> list[tuple[int, Flow | FlagChange]]:
        """One payment on every link."""
        return [self._flow(link) for link in range(len(self._links))]

    def payments(self, count: int) -> list[tuple[int, Flow | FlagChange]]:
        """Payments on links by their activity."""
        chosen = self._rng.choice(len(self._links), count, p=self._activity)
        return [self._flow(link) for link in chosen.tolist()]

    def flag(self, node: int, state: FlagState) -> tuple[int, Flow | FlagChange]:
        """A direct flag of a node raised or cleared."""
        at = self._tick()
        return self._offset, FlagChange(
            flag_id=f"benchmark-{node}",
            entity=self._name(node),
            state=state,
            severity=1.0,
            event_at=at,
            arrived_at=at,
        )

    def _tick(self) -> datetime:
        self._offset += 1
        return _START + timedelta(seconds=self._offset)

    def _flow(self, link: int) -> tuple[int, Flow | FlagChange]:
        debtor, creditor = self._links[link].tolist()
        at = self._tick()
        return self._offset, Flow(
            uetr=str(uuid.UUID(bytes=self._rng.bytes(16), version=4)),
            debtor=self._name(debtor),
            creditor=self._name(creditor),
            debtor_agent=f"{debtor % 6600:09d}",
            creditor_agent=f"{creditor % 6600:09d}",
            amount=float(np.round(self._rng.lognormal(11, 2), 2)) + 0.01,
            event_at=at,
            arrived_at=at,
        )


def live(nodes: int, links: int, payments: int, seed: int) -> dict[str, Any]:
    """Cost of payments, of a clearing and of a restart with 50 flagged seeds."""
    rng = np.random.default_rng(seed)
    traffic = Traffic(lambda node: f"bank:{node:09d}", draw_links(nodes, links, rng), rng)
    engine = ContagionEngine()
    first = traffic.once()
    _, loading = timed(lambda: engine.process(first))
    flagged = rng.choice(nodes, _SEEDS, replace=False).tolist()
    for node in flagged:
        engine.process([traffic.flag(node, FlagState.RAISED)])
    log = traffic.payments(payments)
    effects, paying = timed(lambda: engine.process(log))
    error, recomputing = _check(engine)
    cleared = traffic.flag(flagged[0], FlagState.CLEARED)
    _, clearing = timed(lambda: engine.process([cleared]))
    per_payment = paying["cpu_s"] / payments
    return {
        "nodes": len(engine.graph.names),
        "links": engine.graph.network.number_of_edges(),
        "seeds": _SEEDS,
        "first_payment_of_every_link": loading,
        "payments": {
            "count": payments,
            **paying,
            "cpu_us_each": round(per_payment * 1e6, 1),
            "per_cpu_s": round(1 / per_payment),
            "per_clock_s": round(payments / paying["clock_s"]),
            "exposures": len(effects.exposures),
            "alerts": len(effects.alerts),
        },
        "one_flag_cleared": clearing,
        "networkx_pagerank_both_ways": recomputing,
        "times_faster_than_networkx": round(recomputing["cpu_s"] / per_payment),
        "errors": error,
        "peers": pagerank(engine),
        "restart": _restart(engine),
    }


def _check(engine: ContagionEngine) -> tuple[dict[str, float], dict[str, float]]:
    """Errors of both directions against an exact solution, and what NetworkX would take.

    NetworkX has no ranking of all entities by what they lead to: one call gives the ranks
    that one entity leads to. That call is timed, once for each direction.
    """
    spent = {"cpu_s": 0.0, "clock_s": 0.0}
    errors: dict[str, float] = {}
    graph = _weighted(engine)
    nodes = len(engine.graph.names)
    seeds = np.zeros(nodes)
    for node, severity in engine.received.seeds.items():
        seeds[node] = severity
    for name, spread, way in (
        ("received", engine.received, graph.reverse()),
        ("sent", engine.sent, graph),
    ):
        start = {next(iter(engine.received.seeds)): 1.0}
        _, took = timed(partial(nx.pagerank, way, 0.85, personalization=start))
        spent = {key: round(spent[key] + took[key], 6) for key in spent}
        Q = 0.85 * spread.rows.transitions()
        exact = seeds.copy()
        for _ in range(300):
            exact = seeds + Q @ exact
        error = np.abs(exact - spread.estimate[:nodes])
        errors[f"{name}_largest"] = float(error.max())
        errors[f"{name}_largest_bound"] = spread.bound()
        errors[f"{name}_l1_of_total"] = float(error.sum() / exact.sum())
    return errors, spent


def _weighted(engine: ContagionEngine) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(engine.graph.network)
    graph.add_weighted_edges_from(
        (u, v, data["weight"])
        for u, v, data in engine.graph.network.edges(data=True)
        if data["weight"]
    )
    return graph


def _restart(engine: ContagionEngine) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.snapshot"
        _, saving = timed(lambda: snapshot.save(engine, path))
        restored, loading = timed(lambda: snapshot.load(path))
        assert restored.next_offset == engine.next_offset, "a snapshot covers the whole log"
        size = path.stat().st_size
    return {"save": saving, "load": loading, "megabytes": round(size / 1e6, 1)}


def parties(count: int, seed: int) -> dict[str, Any]:
    """The same restart with that many parties, four links each, behind 6,600 banks."""
    rng = np.random.default_rng(seed)
    traffic = Traffic(lambda node: f"party:{node:032x}", draw_links(count, 4 * count, rng), rng)
    engine = ContagionEngine()
    engine.process(traffic.once())
    for node in rng.choice(count, _SEEDS, replace=False).tolist():
        engine.process([traffic.flag(node, FlagState.RAISED)])
    log = traffic.payments(2000)
    _, paying = timed(lambda: engine.process(log))
    return {
        "nodes": len(engine.graph.names),
        "links": engine.graph.network.number_of_edges(),
        "payments_per_cpu_s": round(2000 / paying["cpu_s"]),
        "restart": _restart(engine),
    }


def eisenberg_noe(banks: int, links: int, seed: int) -> dict[str, Any]:
    """Clearing of a network with few outside assets, so that many banks default."""
    rng = np.random.default_rng(seed)
    pairs = draw_links(banks, links, rng)
    debts = sparse.csr_array(
        (rng.lognormal(2, 2, links), (pairs[:, 0], pairs[:, 1])), (banks, banks)
    )
    owed = np.bincount(pairs[:, 0], debts[pairs[:, 0], pairs[:, 1]], minlength=banks)
    external = 0.5 * owed + 1.0
    assets = rng.uniform(0.2, 1.2, banks) * (owed + external) * 0.6
    result, took = timed(lambda: clear(debts, assets, external))
    return {"banks": banks, "links": links, "defaults": len(result.defaulted), **took}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Benchmarks of the contagion graph.")
    parser.add_argument("--payments", type=int, default=5000)
    parser.add_argument("--parties", type=int, default=0, help="also a graph of so many parties")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    report: dict[str, Any] = {
        "machine": {
            "processor": platform.machine(),
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "load": os.getloadavg()[0],
        },
        "live": live(6600, 158_000, given.payments, given.seed),
        "eisenberg_noe": eisenberg_noe(6600, 158_000, given.seed),
        "gai_kapadia": cascade_peer(draw_links(6600, 158_000, rng), 6600),
        "settlement": settlement_peer(100, 2000, given.seed),
    }
    if given.parties:
        report["parties"] = parties(given.parties, given.seed)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
