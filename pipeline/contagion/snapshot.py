"""The whole state of a contagion engine in one file, and back, bit for bit.

The file is an uncompressed ``.npz`` of plain arrays plus one JSON document; it holds the
next offset of the log, so that a restart reads on from there. It replaces its predecessor
atomically.
"""

from __future__ import annotations

import json
import os
import zipfile
from array import array
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.contagion.adjacency import Adjacency
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.graph import PaymentGraph
from pipeline.contagion.link import RECENT, Link, RecentPayment
from pipeline.contagion.policy import ContagionFlag
from pipeline.contagion.seeds import DirectFlag
from pipeline.contagion.settings import DAY_MS, ContagionSettings
from pipeline.contagion.spread import Spread
from pipeline.errors import ColdwireError
from schemas.records import FlagState

FORMAT = 3
_HALF = (1 << 64) - 1
Arrays = dict[str, npt.NDArray[Any]]


def save(engine: ContagionEngine, path: Path) -> None:
    """Write the engine's state; an interrupted write leaves the old file as it was."""
    arrays = _links(engine.graph)
    nodes = len(engine.graph.names)
    arrays["settled_by"] = np.array(engine.graph.settled_by, np.float64)
    arrays["outgoing_totals"] = engine.graph.outgoing.totals
    arrays["incoming_totals"] = engine.graph.incoming.totals
    arrays["levels"] = engine.policy.levels[:nodes]
    for name, spread in _spreads(engine):
        arrays[f"{name}_estimate"] = spread.estimate[:nodes]
        arrays[f"{name}_residual"] = spread.residual[:nodes]
    arrays["document"] = np.frombuffer(json.dumps(_document(engine)).encode(), np.uint8)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load(path: Path, settings: ContagionSettings | None = None) -> ContagionEngine:
    """Read what :func:`save` wrote.

    Args:
        settings: those that the engine must have been made with; None takes the file's.

    Raises:
        ColdwireError: no such file, not a snapshot of this version, or other settings.
    """
    fix = "delete it: the graph is rebuilt from its log"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: Arrays = {name: file[name] for name in file.files}
        document = json.loads(arrays["document"].tobytes())
    except FileNotFoundError:
        raise ColdwireError(f"there is no snapshot at {path}", "check the path") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ColdwireError(f"{path} is not a readable snapshot", fix) from error
    if document.get("format") != FORMAT:
        raise ColdwireError(f"{path} was written in another format", fix)
    document["settings"]["steps"] = tuple(document["settings"]["steps"])
    stored = ContagionSettings(**document["settings"])
    if settings is not None and settings != stored:
        raise ColdwireError(f"{path} was written with other contagion settings", fix)
    engine = ContagionEngine(stored)
    _restore_graph(engine.graph, document, arrays)
    _restore_policy(engine, document, arrays)
    for name, spread in _spreads(engine):
        spread.restore(
            dict(document[name]["seeds"]),
            arrays[f"{name}_estimate"],
            arrays[f"{name}_residual"],
            document[name]["queue"],
        )
    engine.next_offset = document["next_offset"]
    return engine


def _spreads(engine: ContagionEngine) -> tuple[tuple[str, Spread], ...]:
    return (("received", engine.received), ("sent", engine.sent))


def _document(engine: ContagionEngine) -> dict[str, Any]:
    graph, policy = engine.graph, engine.policy
    return {
        "format": FORMAT,
        "settings": asdict(engine.settings),
        "next_offset": engine.next_offset,
        "names": graph.names,
        "clock_ms": graph.clock_ms,
        "landmark_ms": graph.landmark_ms,
        "own_total": graph.own_total,
        "settled_total": graph.settled_total,
        "direct": [
            [flag_id, flag.entity, flag.state, flag.severity, flag.event_ms, flag.expires_ms]
            for flag_id, flag in engine.seeds.flags.items()
        ],
        "contagion": [
            [node, f.flag_id, f.alert_id, f.revision, f.severity, f.expires_ms]
            for node, f in policy.flags.items()
        ],
        "deadlines": policy.deadlines,
        **{
            name: {"seeds": list(spread.seeds.items()), "queue": list(spread.queue)}
            for name, spread in _spreads(engine)
        },
    }


def _links(graph: PaymentGraph) -> Arrays:
    edges = list(graph.network.edges(data=True))
    links: list[Link] = [data["link"] for _, _, data in edges]
    place = {(debtor, creditor): i for i, (debtor, creditor, _) in enumerate(edges)}
    recent = [payment for link in links for payment in link.recent]
    numbers = [int(payment.uetr.replace("-", ""), 16) for payment in recent]
    keys = array("Q")
    for link in links:
        keys.extend(link.keys)
    return {
        "debtor": np.array([e[0] for e in edges], np.int64),
        "creditor": np.array([e[1] for e in edges], np.int64),
        "weight": np.array([e[2]["weight"] for e in edges], np.float64),
        "settled": np.array([e[2]["settled"] for e in edges], np.float64),
        "count": np.array([link.count for link in links], np.int64),
        "amount": np.array([link.amount for link in links], np.float64),
        "first_ms": np.array([link.first_ms for link in links], np.int64),
        "last_ms": np.array([link.last_ms for link in links], np.int64),
        "debtor_at": np.array([link.debtor_at for link in links], np.int64),
        "creditor_at": np.array([link.creditor_at for link in links], np.int64),
        "recents": np.array([len(link.recent) for link in links], np.int64),
        "recent_high": np.array([number >> 64 for number in numbers], np.uint64),
        "recent_low": np.array([number & _HALF for number in numbers], np.uint64),
        "recent_amount": np.array([payment.amount for payment in recent], np.float64),
        "recent_ms": np.array([payment.event_ms for payment in recent], np.int64),
        "keys": np.array([len(link.keys) for link in links], np.int64),
        "key": np.frombuffer(keys.tobytes(), np.uint64),
        "wheel": np.array(
            [place[pair] for bucket in sorted(graph.wheel) for pair in graph.wheel[bucket]],
            np.int64,
        ),
    }


def _restore_graph(graph: PaymentGraph, document: dict[str, Any], arrays: Arrays) -> None:
    for name in document["names"]:
        graph.node(name)
    links = _restored_links(arrays)
    debtors, creditors = arrays["debtor"].tolist(), arrays["creditor"].tolist()
    weights, settled = arrays["weight"].tolist(), arrays["settled"].tolist()
    graph.network.add_edges_from(
        (debtor, creditor, {"weight": weight, "settled": agents, "link": link})
        for debtor, creditor, weight, agents, link in zip(
            debtors, creditors, weights, settled, links, strict=True
        )
    )
    for i in arrays["wheel"].tolist():
        bucket = links[i].last_ms // DAY_MS
        graph.wheel.setdefault(bucket, {})[(debtors[i], creditors[i])] = None
    _restore_rows(graph.outgoing, arrays, "debtor", "creditor", "outgoing_totals")
    _restore_rows(graph.incoming, arrays, "creditor", "debtor", "incoming_totals")
    graph.settled_by = arrays["settled_by"].tolist()
    graph.clock_ms, graph.landmark_ms = document["clock_ms"], document["landmark_ms"]
    graph.own_total, graph.settled_total = document["own_total"], document["settled_total"]


def _restored_links(arrays: Arrays) -> list[Link]:
    numbers = [
        (high << 64) | low
        for high, low in zip(
            arrays["recent_high"].tolist(), arrays["recent_low"].tolist(), strict=True
        )
    ]
    recent = [
        RecentPayment(_uetr(number), amount, event_ms)
        for number, amount, event_ms in zip(
            numbers, arrays["recent_amount"].tolist(), arrays["recent_ms"].tolist(), strict=True
        )
    ]
    keys = array("Q", arrays["key"].astype(np.uint64).tobytes())
    links: list[Link] = []
    seen, known = 0, 0
    columns = ("count", "amount", "first_ms", "last_ms", "debtor_at", "creditor_at")
    rows = zip(*(arrays[name].tolist() for name in (*columns, "recents", "keys")), strict=True)
    for count, amount, first_ms, last_ms, debtor_at, creditor_at, recents, kept in rows:
        payments = deque(recent[seen : seen + recents], maxlen=RECENT)
        kept_keys = keys[known : known + kept]
        links.append(
            Link(count, amount, first_ms, last_ms, debtor_at, creditor_at, payments, kept_keys)
        )
        seen += recents
        known += kept
    return links


def _uetr(number: int) -> str:
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _restore_rows(rows: Adjacency, arrays: Arrays, own: str, other: str, totals: str) -> None:
    weighted = np.flatnonzero(arrays[f"{own}_at"] >= 0)
    nodes = arrays[own][weighted]
    order = weighted[np.lexsort((arrays[f"{own}_at"][weighted], nodes))]
    ends = np.searchsorted(arrays[own][order], np.arange(len(rows.degrees) + 1)).tolist()
    neighbours, weights = arrays[other][order], arrays["weight"][order]
    for node, total in enumerate(arrays[totals].tolist()):
        row = slice(ends[node], ends[node + 1])
        if row.start != row.stop:
            rows.restore_row(node, neighbours[row], weights[row], total)


def _restore_policy(engine: ContagionEngine, document: dict[str, Any], arrays: Arrays) -> None:
    nodes = len(engine.graph.names)
    engine.policy.grow(nodes)
    engine.policy.levels[:nodes] = arrays["levels"]
    for node, flag_id, alert_id, revision, severity, expires_ms in document["contagion"]:
        flag = ContagionFlag(flag_id, alert_id, revision, severity, expires_ms)
        engine.policy.flags[node] = flag
    engine.policy.deadlines = [(due, node) for due, node in document["deadlines"]]
    for flag_id, entity, state, *rest in document["direct"]:
        engine.seeds.put(flag_id, DirectFlag(entity, FlagState(state), *rest))
