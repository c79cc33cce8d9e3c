"""``coldwire alerts``: subscribe to ``risk-alerts`` from the command line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from rich.console import Console

from agents.connection import Connection
from agents.tail import follow
from pipeline.cli.live_view import BAND_STYLE, dollars, short
from pipeline.errors import ColdwireError
from pipeline.settings import load_settings
from schemas.alert import Alert
from schemas.topics import RISK_ALERTS

app = typer.Typer(help="The risk-alerts topic.", no_args_is_help=True)

_PATIENCE_S = 10.0


@app.callback()
def group() -> None:
    """The risk-alerts topic."""


@app.command("tail")
def tail(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Show what the topic keeps, too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="End after so many alerts.", min=1)] = None,
) -> None:
    """Print alerts as they are published; each alert once, however often it is delivered.

    Example: coldwire alerts tail --from-beginning --limit 5
    """
    connection = Connection(load_settings().kafka)
    asyncio.run(_tail(connection, json=json, from_beginning=from_beginning, limit=limit))


async def _tail(
    connection: Connection, *, json: bool, from_beginning: bool, limit: int | None
) -> None:
    await connection.wait_until_ready(_PATIENCE_S)
    console = Console()
    seen: set[str] = set()
    async for records in follow(connection, [RISK_ALERTS], from_beginning=from_beginning):
        for record in records:
            try:
                alert = Alert.from_bytes(record.value or b"")
            except ValueError:
                raise ColdwireError(
                    f"offset {record.offset} of risk-alerts is no alert of this version",
                    "use the version of Coldwire that the workers run",
                ) from None
            if alert.alert_id in seen:
                continue
            seen.add(alert.alert_id)
            if json:
                sys.stdout.write((record.value or b"").decode() + "\n")
                sys.stdout.flush()
            else:
                _print(console, alert)
            if limit is not None and len(seen) >= limit:
                return


def _print(console: Console, alert: Alert) -> None:
    risk = f"{alert.probability:.2f}" if alert.probability is not None else "graph"
    console.print(
        f"{alert.event_at:%Y-%m-%d %H:%M}  [{BAND_STYLE[alert.band]}]{alert.band.value} {risk}[/]  "
        f"{short(alert.entity)} ({alert.role.value})  {dollars(alert.amount)}  "
        f"[dim]{alert.alert_id[:8]}[/]",
        highlight=False,
    )
    for reason in alert.reasons:
        console.print(f"    {reason.text}", highlight=False)
    for path in alert.paths:
        console.print(f"    [dim]path[/] {path.text}", highlight=False)
