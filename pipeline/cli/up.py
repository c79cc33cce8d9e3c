"""``coldwire up``: broker, workers and a synthetic stream, until Ctrl-C or the time is up."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from agents.replay import Pace, Replay
from agents.station import Station
from agents.watch import Tally
from pipeline.cli.duration import seconds
from pipeline.cli.live_view import LiveView
from pipeline.cli.prevalence import prevalence_ratio
from pipeline.errors import ColdwireError
from pipeline.logging import configure_logging
from pipeline.settings import Settings, load_settings
from pipeline.store import FlagDatabase, queries
from simulators.world import World, WorldConfig

_DRAIN_PATIENCE_S = 120.0
_REDRAW_S = 0.5


def up(
    for_: Annotated[
        str | None, typer.Option("--for", help="End after that time, e.g. 60s, and drain.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Payments a second.", min=0.1)] = 20.0,
    ui: Annotated[bool, typer.Option("--ui/--no-ui", help="Live view, or JSON at the end.")] = True,
    replay: Annotated[
        bool, typer.Option("--replay/--no-replay", help="Send a synthetic stream, or only serve.")
    ] = True,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where broker, database and logs keep their data.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic world.", min=0)] = 2026,
    risky_share: Annotated[
        float, typer.Option(help="Share of parties that take part in a scheme.", min=0.001, max=0.9)
    ] = 0.1,
) -> None:
    """Run everything on this machine and replay a synthetic stream.

    The world of the stream holds far more schemes than a real one (--risky-share), so that
    there is something to see in minutes.

    Example: coldwire up --for 60s --rate 100 --no-ui --data-dir out
    """
    changed: dict[str, Any] = {} if data_dir is None else {"data_dir": data_dir}
    if replay:
        # The stream's own share of schemes, told to the workers: probabilities stay honest.
        changed["prevalence_ratio"] = prevalence_ratio(risky_share)
    settings = load_settings(**changed)
    # Below the live view, a log line would tear it apart.
    configure_logging("warning" if ui else settings.log_level)
    world = World(
        WorldConfig(participants=80, parties=1200, days=1000, seed=seed, risky_share=risky_share)
    )
    source = (world, rate) if replay else None
    asyncio.run(_run(settings, source, seconds(for_) if for_ else None, ui=ui))


async def _run(
    settings: Settings, source: tuple[World, float] | None, for_s: float | None, *, ui: bool
) -> None:
    console = Console(stderr=not ui)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with console.status("starting broker and workers") if ui else _Quiet():
        station = await Station(settings).__aenter__()
    try:
        before = _counts(settings)
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(_failure(station)),
        ]
        sender: Replay | None = None
        if source is not None:
            world, rate = source
            sender = Replay(station.connection, Pace(rate=rate))
            tasks.append(asyncio.create_task(sender.run(world.payments(), for_s=for_s)))
        elif for_s is not None:
            tasks.append(asyncio.create_task(asyncio.sleep(for_s)))
        shown = asyncio.create_task(_show(settings, station, source, console)) if ui else None
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks[1:]:
            if task.done():
                task.result()
        if sender is not None:
            sender.stop()
            await asyncio.gather(*tasks[2:])
        drained = await station.lag.drained(patience_s=_DRAIN_PATIENCE_S)
        if shown is not None:
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
        summary = _summary(station, before, _counts(settings))
    finally:
        with console.status("stopping workers and broker") if ui else _Quiet():
            await station.__aexit__(None, None, None)
    if not ui:
        sys.stdout.write(json.dumps(summary) + "\n")
    else:
        _say_goodbye(console, summary)
    if not drained:
        raise ColdwireError("the workers did not catch up in time", "lower --rate")


class _Quiet:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


async def _failure(station: Station) -> None:
    assert station.supervisor.failed is not None
    raise await station.supervisor.failed


async def _show(
    settings: Settings, station: Station, source: tuple[World, float] | None, console: Console
) -> None:
    rate = f"{source[1]:g} payments/s asked" if source else "serving"
    view = LiveView(f"Coldwire on {station.broker.kind} broker, {rate}", _hints(settings, station))
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while True:
            lag = await station.lag.all()
            live.update(view.draw(station.watch.tally, lag, console.height), refresh=True)
            await asyncio.sleep(_REDRAW_S)


def _hints(settings: Settings, station: Station) -> list[str]:
    servers = station.broker.bootstrap_servers
    where = f"COLDWIRE_KAFKA__BOOTSTRAP_SERVERS={servers}"
    return [
        f"subscribe   {where} .venv/bin/coldwire alerts tail",
        f"query       .venv/bin/coldwire flags list --database sqlite:///{settings.data_dir}/flags.db"
        if settings.database.url is None
        else "query       .venv/bin/coldwire flags list",
        "Ctrl-C ends everything cleanly; the next start goes on from here",
    ]


def _counts(settings: Settings) -> dict[str, Any]:
    with FlagDatabase.open_read_only(settings.database_url) as database:
        return database.read(queries.counts).as_dict()


def _summary(
    station: Station, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Counts of this run: topics as watched, database as grown."""
    tally: Tally = station.watch.tally
    grown = {
        name: after[name] - before[name]
        for name in ("scores", "deadline_missed", "alerts_stored", "flags", "contagion_alerts")
    }
    tiers = {
        tier: count - before["scores_by_tier"].get(tier, 0)
        for tier, count in after["scores_by_tier"].items()
    }
    return {
        "payments": tally.payments,
        "observations": tally.observations,
        "flows": tally.flows,
        "scores": grown["scores"],
        "scores_by_tier": tiers,
        "deadline_missed": grown["deadline_missed"],
        "alerts_published": len(tally.alert_ids),
        "alerts_stored": grown["alerts_stored"],
        "flags": grown["flags"],
        "contagion_alerts": grown["contagion_alerts"],
        "dead_letters": after["dead_letters"] - before["dead_letters"],
        "repeats": tally.observations - grown["scores"],
        "adaptations": tally.adaptations,
        "latency_ms": tally.latency_ms(),
        "startup_s": round(station.startup_s, 2),
    }


def _say_goodbye(console: Console, summary: Mapping[str, Any]) -> None:
    latency = summary["latency_ms"]
    console.print(
        f"[bold]{summary['payments']}[/] payments, [bold]{summary['scores']}[/] scores, "
        f"[bold]{summary['alerts_published']}[/] alerts, {summary['flags']} flags; "
        f"arrival to score p50 {latency['p50']:.0f} ms, p99.9 {latency['p99_9']:.0f} ms. "
        "All workers and the broker have ended."
    )
