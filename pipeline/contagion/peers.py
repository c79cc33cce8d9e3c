"""Other packages on the same work, where they happen to be installed: for the benchmark only.

None of them is a dependency: ``pip install fast-pagerank scikit-network ndlib PSSimPy``.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, TypeVar

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.gai_kapadia import BalanceSheet, cascade
from pipeline.contagion.liquidity import overdraft_caps, settle
from pipeline.contagion.recorded import SettlementDay

_T = TypeVar("_T")
_MINUTE_MS = 60_000
_OPEN_MINUTES = 9 * 60
_SHEET = BalanceSheet(capital=0.003)
"""So thin that nearly every bank falls when the largest does."""


def timed(work: Callable[[], _T]) -> tuple[_T, dict[str, float]]:
    """Run once; seconds of CPU and of the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    result = work()
    return result, {
        "cpu_s": round(time.process_time() - cpu, 6),
        "clock_s": round(time.perf_counter() - clock, 6),
    }


def _module(name: str) -> Any:
    """A peer's module, None where it is not installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return None
    return importlib.import_module(name)


def pagerank(engine: ContagionEngine) -> dict[str, dict[str, float]]:
    """One recomputation, one way, from one seed."""
    shares = sparse.csr_matrix(engine.graph.outgoing.transitions())
    start = np.zeros(len(engine.graph.names))
    start[next(iter(engine.received.seeds))] = 1.0
    found: dict[str, dict[str, float]] = {}
    if fast := _module("fast_pagerank"):
        ranks = partial(fast.pagerank_power, shares, p=0.85, personalize=start)
        found["fast-pagerank"] = timed(ranks)[1]
    if ranking := _module("sknetwork.ranking"):
        ranks = partial(ranking.PageRank(0.85).fit_predict, shares, weights=start)
        found["scikit-network"] = timed(ranks)[1]
    return found


def cascade_peer(pairs: npt.NDArray[np.int64], banks: int) -> dict[str, Any]:
    """Who falls when the largest debtor does: Gai-Kapadia, and ndlib's threshold model.

    With equal loans to all debtors the two are the same rule.
    """
    lending = sparse.csr_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(banks, banks)
    )
    largest = int(np.bincount(pairs[:, 1], minlength=banks).argmax())
    down, took = timed(lambda: cascade(lending, [largest], _SHEET))
    report: dict[str, Any] = {"banks": banks, "down": int(down.sum()), "coldwire": took}
    if (epidemics := _module("ndlib.models.epidemics")) is None:
        return report
    config = importlib.import_module("ndlib.models.ModelConfig").Configuration()
    graph = nx.DiGraph((int(debtor), int(creditor)) for creditor, debtor in pairs)
    model = epidemics.ThresholdModel(graph)
    config.add_model_initial_configuration("Infected", [largest])
    for node in graph:
        # ndlib falls at the threshold, Gai and Kapadia's banks only above it.
        config.add_node_configuration("threshold", node, _SHEET.buffer + 1e-9)
    model.set_initial_status(config)

    def spread() -> int:
        while model.iteration(node_status=False)["status_delta"][1] or model.actual_iteration < 3:
            pass
        return sum(model.status.values())

    infected, spreading = timed(spread)
    return report | {"ndlib": spreading, "ndlib_down": infected}


def settlement_peer(banks: int, payments: int, seed: int) -> dict[str, Any]:
    """A day of payments settled, and the closing balances: here and in PSSimPy."""
    rng = np.random.default_rng(seed)
    debtor = rng.integers(0, banks, payments)
    creditor = (debtor + rng.integers(1, banks, payments)) % banks
    cents = np.rint(rng.lognormal(8, 1, payments)).astype(np.int64)
    minute = np.sort(rng.integers(0, _OPEN_MINUTES, payments))
    day = SettlementDay(
        date(2026, 1, 5),
        tuple(f"{bank:09d}" for bank in range(banks)),
        tuple(str(n) for n in range(payments)),
        minute * _MINUTE_MS,
        debtor,
        creditor,
        cents,
    )
    outcome, took = timed(lambda: settle(day, overdraft_caps(day, 1.0)))
    report: dict[str, Any] = {"banks": banks, "payments": payments, "coldwire": took}
    if (simulator := _module("PSSimPy.simulator")) is None:
        return report
    opening = int(cents.sum())  # enough for everything: its credit is unlimited anyway
    arguments = (
        {"name": list(day.banks)},
        {"id": list(day.banks), "owner": list(day.banks), "balance": [opening] * banks},
        {
            "sender_account": [day.banks[i] for i in debtor],
            "recipient_account": [day.banks[i] for i in creditor],
            "amount": cents.tolist(),
            "time": [f"{8 + m // 60:02d}:{m % 60:02d}" for m in minute.tolist()],
            "day": [1] * payments,
        },
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        run = simulator.BasicSim("day", *arguments)
        _, running = timed(run.run)
        closing = {name: account.balance for name, account in run.accounts.items()}
    same = all(closing[b] - opening == outcome.balance[i] for i, b in enumerate(day.banks))
    return report | {"PSSimPy": running, "same_closing_balances": same}
