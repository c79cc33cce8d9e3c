"""``coldwire simulate``: write a synthetic Fedwire to files."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.errors import ColdwireError
from pipeline.iso20022 import write_message
from simulators import files
from simulators.behaviours import FAMILIES
from simulators.delivery import Delivery, Outage
from simulators.switches import Drift, Switches
from simulators.world import World, WorldConfig


def simulate(
    out: Annotated[Path, typer.Option(help="Directory for the files.")],
    participants: Annotated[int, typer.Option(help="Banks.")] = 200,
    parties: Annotated[int, typer.Option(help="Customers at the start.")] = 3000,
    days: Annotated[int, typer.Option(help="Business days.")] = 5,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 7,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = datetime(
        2026, 1, 5
    ),
    payments_per_day: Annotated[
        int | None, typer.Option(help="Mean payments a day; 2.5 per customer if left out.")
    ] = None,
    risky_share: Annotated[
        float, typer.Option(help="Share of customers that take part in a scheme.")
    ] = 0.004,
    starts: Annotated[
        list[str] | None,
        typer.Option(help="NAME:DAY, a typology or family that starts on that day; repeatable."),
    ] = None,
    drift: Annotated[
        list[str] | None,
        typer.Option(help="DAY:FACTOR or DAY:FACTOR:MINUTES, from that day on; repeatable."),
    ] = None,
    late_share: Annotated[
        float, typer.Option(help="Share that comes late in JSON lines and XML.")
    ] = 0.0,
    repeat_share: Annotated[float, typer.Option(help="Share that comes twice there.")] = 0.0,
    outage: Annotated[
        list[str] | None,
        typer.Option(help="FROM/TO in UTC: what falls in between comes at its end; repeatable."),
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write JSON lines as well.")] = False,
    xml: Annotated[
        bool, typer.Option("--xml", help="Write archives of ISO 20022 XML as well.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="Days made at the same time.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write payments, a Parquet file a day, and the truth about them in tables apart.

    A finished day is skipped, so a run that was stopped goes on; the same options give the
    same bytes, whatever the number of processes.

    Example: coldwire simulate --days 3 --seed 11 --out out/world
    """
    try:
        config = WorldConfig(
            participants=participants,
            parties=parties,
            days=days,
            seed=seed,
            start=start.date(),
            payments_per_day=payments_per_day,
            risky_share=risky_share,
            switches=_switches(starts or [], drift or []),
        )
        delivery = Delivery(
            late_share=late_share,
            repeat_share=repeat_share,
            outages=tuple(_outage(text) for text in outage or []),
        )
    except ValueError as error:
        raise ColdwireError(str(error), "change that option; see --help") from error
    output = files.Output(out, jsonl=jsonl, xml=write_message if xml else None, delivery=delivery)
    world = World(config)
    _claim(world, output)
    summary = _write(world, output, processes)
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(
            f"{summary['payments']:,} payments on {summary['days_written']} days written to {out}"
            f" ({summary['days_skipped']} days were there already)"
        )


def _switches(starts: list[str], drifts: list[str]) -> Switches:
    """Read NAME:DAY and DAY:FACTOR[:MINUTES].

    Raises:
        ColdwireError: one does not look like that.
    """
    typologies: list[tuple[str, int]] = []
    families: list[tuple[str, int]] = []
    changes: list[Drift] = []
    try:
        for text in starts:
            name, day = text.rsplit(":", 1)
            known = families if name in {family.name for family in FAMILIES} else typologies
            known.append((name, int(day)))
        for text in drifts:
            first, factor, *minutes = text.split(":")
            shift = float(minutes[0]) if minutes else 0.0
            changes.append(Drift(int(first), float(factor), shift))
    except ValueError as error:
        raise ColdwireError(
            f"{text!r} is no change over time",
            "write --starts fan-in:10 or --drift 10:1.5 or --drift 10:1.5:30",
        ) from error
    return Switches(tuple(typologies), tuple(families), tuple(changes))


def _outage(text: str) -> Outage:
    """Read FROM/TO.

    Raises:
        ColdwireError: these are no two times in order.
    """
    try:
        begins, ends = (datetime.fromisoformat(part) for part in text.split("/"))
    except ValueError:
        begins = ends = datetime.min
    if begins >= ends:
        raise ColdwireError(
            f"'{text}' is no outage", "write --outage 2026-01-05T15:00/2026-01-05T16:30"
        )
    return Outage(*(round(t.replace(tzinfo=UTC).timestamp() * 1000) for t in (begins, ends)))


def _claim(world: World, output: files.Output) -> None:
    try:
        files.claim(world, output)
    except files.OtherWorldError as error:
        raise ColdwireError(
            f"{output.folder} holds the days of a world with other options",
            "give another --out, or the options that stand in its world.json",
        ) from error
    except OSError as error:
        raise ColdwireError(
            f"{output.folder} cannot be written: {error.strerror}", "give another --out"
        ) from error


def _write(world: World, output: files.Output, processes: int) -> dict[str, int | str]:
    """Write the days that are missing, with a progress bar on the error stream."""
    missing = [d for d in range(world.config.days) if not files.is_finished(world, output, d)]
    payments = 0
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("days", total=world.config.days)
        progress.advance(bar, world.config.days - len(missing))
        files.write_tables(world, output.folder)
        for count in _make(world, output, missing, processes):
            payments += count
            progress.advance(bar)
    return {
        "out": str(output.folder),
        "days_written": len(missing),
        "days_skipped": world.config.days - len(missing),
        "payments": payments,
        "participants": world.config.participants,
        "parties": len(world.parties),
        "schemes": sum(not s.benign for s in world.truth.schemes),
        "lookalikes": sum(s.benign for s in world.truth.schemes),
    }


def _make(world: World, output: files.Output, days: list[int], processes: int) -> Iterator[int]:
    """Write days here or in several processes; the number of payments of each comes back."""
    if processes == 1 or len(days) < 2:
        yield from (files.write_day(world, output, day) for day in days)
        return
    # Not forked: threads of the parent would leave locks that nobody opens.
    context = multiprocessing.get_context("spawn")
    task = partial(_write_alone, world.config, output)
    with ProcessPoolExecutor(min(processes, len(days)), context) as pool:
        yield from pool.map(task, days)


@cache
def _own_world(config: WorldConfig) -> World:
    return World(config)


def _write_alone(config: WorldConfig, output: files.Output, day: int) -> int:
    """Write a day in a process that founds its world once."""
    return files.write_day(_own_world(config), output, day)
