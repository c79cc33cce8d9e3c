"""``coldwire simulate``: write a synthetic Fedwire to files."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.errors import ColdwireError
from simulators import files
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
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write JSON lines as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write payments, a Parquet file a day, and the truth about them in tables apart.

    A finished day is skipped, so a run that was stopped goes on; the same options give the
    same bytes.

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
        )
    except ValueError as error:
        raise ColdwireError(str(error), "change that option; see --help") from error
    world = World(config)
    try:
        files.claim(world, out)
    except files.OtherWorldError as error:
        raise ColdwireError(
            f"{out} holds the days of a world with other options",
            "give another --out, or the options that stand in its world.json",
        ) from error
    except OSError as error:
        raise ColdwireError(
            f"{out} cannot be written: {error.strerror}", "give another --out"
        ) from error
    summary = _write(world, out, jsonl=jsonl)
    if as_json:
        typer.echo(json.dumps(summary))
    else:
        typer.echo(
            f"{summary['payments']:,} payments on {summary['days_written']} days written to {out}"
            f" ({summary['days_skipped']} days were there already)"
        )


def _write(world: World, out: Path, *, jsonl: bool) -> dict[str, int | str]:
    """Write the days that are missing, with a progress bar on the error stream."""
    written = skipped = payments = 0
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("days", total=world.config.days)
        files.write_tables(world, out)
        for day in range(world.config.days):
            if files.is_finished(world, out, day, jsonl=jsonl):
                skipped += 1
            else:
                payments += files.write_day(world, out, day, jsonl=jsonl)
                written += 1
            progress.advance(bar)
    return {
        "out": str(out),
        "days_written": written,
        "days_skipped": skipped,
        "payments": payments,
        "participants": world.config.participants,
        "parties": len(world.parties),
        "schemes": sum(not s.benign for s in world.truth.schemes),
        "lookalikes": sum(s.benign for s in world.truth.schemes),
    }
