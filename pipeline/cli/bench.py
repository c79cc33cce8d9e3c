"""``coldwire bench``: open-loop load, latency from the intended send time."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from hdrh.histogram import HdrHistogram
from rich.console import Console
from rich.table import Table

from agents.connection import Connection
from agents.replay import Pace, Replay
from agents.station import Station
from agents.tail import follow
from pipeline.logging import configure_logging
from pipeline.settings import load_settings
from schemas.payment import Payment
from schemas.topics import RISK_SCORES
from simulators.world import World, WorldConfig

_WARM_UP_S = 10.0
_LONGEST_MS = 600_000
_BAR_MS = 275
_WORLD = WorldConfig(participants=400, parties=20_000, days=5, seed=2027)


def bench(
    rates: Annotated[
        list[float] | None, typer.Option("--rate", help="Payments a second; may be repeated.")
    ] = None,
    each: Annotated[float, typer.Option(help="Seconds at each rate.", min=5)] = 60.0,
    broker: Annotated[
        list[str] | None, typer.Option(help="kafka or demo; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="JSON file of the results.")] = Path("out/bench.json"),
) -> None:
    """Measure latency and the highest sustained rate, each run on a fresh data directory.

    Latency counts from the time at which a payment was due to be sent, so a queue that
    builds up anywhere is in it. Nearly all counterparties are new and all are adapted.

    Example: coldwire bench --rate 100 --each 60 --broker kafka
    """
    configure_logging("warning")
    console = Console()
    results = []
    for kind in broker or ["kafka", "demo"]:
        for rate in rates or [100.0, 200.0, 300.0, 400.0]:
            with console.status(f"{kind} broker, {rate:g} payments/s for {each:g} s"):
                results.append(asyncio.run(_measure(kind, rate, each)))
            console.print(_line(results[-1]), highlight=False)
    document = {"machine": _machine(), "world": "400 banks, 20,000 parties", "runs": results}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=2) + "\n")
    console.print(_table(results))
    console.print(f"written to {out}")


async def _measure(kind: str, rate: float, each_s: float) -> dict[str, Any]:
    wanted = int((_WARM_UP_S + each_s) * rate)
    payments = list(islice(World(_WORLD).payments(), wanted))
    encoded = {payment.uetr: payment.to_bytes() for payment in payments}
    with tempfile.TemporaryDirectory() as scratch:
        settings = load_settings(data_dir=Path(scratch), broker=kind)
        async with Station(settings) as station:
            probe = _Probe(station.connection)
            following = asyncio.create_task(probe.follow())
            await probe.following.wait()
            sender = Replay(station.connection, Pace(rate=rate), on_due=probe.due)
            cpu = time.process_time()
            sent = await sender.run(iter(payments), encode=lambda payment: encoded[payment.uetr])
            drained = await station.lag.drained(patience_s=120)
            following.cancel()
            tally = station.watch.tally
    measured = probe.report(after_s=_WARM_UP_S)
    return {
        "broker": kind,
        "rate": rate,
        "payments": sent.payments,
        "scores": len(tally.score_ids),
        "newcomers": tally.newcomers,
        "adaptations": tally.adaptations,
        "drained": drained,
        "slip_ms": round(1000 * sent.slip_s, 1),
        "generator_cpu_s": round(time.process_time() - cpu, 2),
        "startup_s": round(station.startup_s, 2),
        **measured,
    }


class _Probe:
    """Matches scores to the times at which their payments were due and arrived."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._due: dict[str, float] = {}
        self._taken: list[tuple[str, float, float]] = []
        self.following = asyncio.Event()

    def due(self, payment: Payment, when: float) -> None:
        self._due[payment.uetr] = when * 1000

    async def follow(self) -> None:
        seen: set[str] = set()
        # The broker stamps the scores: reading them late changes no latency.
        followed = follow(self._connection, [RISK_SCORES], from_beginning=False, patience_ms=500)
        async for records in followed:
            self.following.set()
            for record in records:
                score = orjson.loads(record.value or b"")
                if score["score_id"] not in seen:
                    seen.add(score["score_id"])
                    arrived = _epoch_ms(score["arrived_at"])
                    self._taken.append((score["uetr"], float(record.timestamp), arrived))

    def report(self, after_s: float) -> dict[str, Any]:
        first = min(self._due.values()) + 1000 * after_s
        from_due, from_arrival = _histogram(), _histogram()
        for uetr, scored, arrived in self._taken:
            due = self._due[uetr]
            if due >= first:
                from_due.record_value(_clipped(scored - due))
                from_arrival.record_value(_clipped(scored - arrived))
        return {
            "from_intended_send_ms": _percentiles(from_due),
            "from_broker_arrival_ms": _percentiles(from_arrival),
        }


def _epoch_ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _histogram() -> HdrHistogram:
    return HdrHistogram(1, _LONGEST_MS, 3)


def _clipped(milliseconds: float) -> int:
    return round(min(max(milliseconds, 1), _LONGEST_MS))


def _percentiles(histogram: HdrHistogram) -> dict[str, float]:
    at = histogram.get_value_at_percentile
    return {
        "p50": at(50.0),
        "p99": at(99.0),
        "p99_9": at(99.9),
        "max": histogram.get_max_value(),
    }


def _machine() -> dict[str, Any]:
    model = "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].partition(":")[2].strip() if names else model
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version()}


def _line(run: dict[str, Any]) -> str:
    latency = run["from_intended_send_ms"]
    return (
        f"{run['broker']} {run['rate']:g}/s: p50 {latency['p50']:g}, p99 {latency['p99']:g}, "
        f"p99.9 {latency['p99_9']:g} ms"
    )


def _table(runs: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="intended send to score, milliseconds")
    for name in ("broker", "rate", "p50", "p99", "p99.9", "max", "new", f"p99.9 ≤ {_BAR_MS}"):
        table.add_column(name, justify="right")
    for run in runs:
        latency = run["from_intended_send_ms"]
        held = run["drained"] and latency["p99_9"] <= _BAR_MS
        table.add_row(
            run["broker"],
            f"{run['rate']:g}",
            *(f"{latency[name]:g}" for name in ("p50", "p99", "p99_9", "max")),
            str(run["newcomers"]),
            "yes" if held else "no",
        )
    return table
