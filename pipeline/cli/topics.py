"""``coldwire topics``: create the topics on a configured broker."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console

from agents.connection import Connection
from agents.topics import ensure_topics
from pipeline.settings import load_settings

app = typer.Typer(help="The topics on the broker.", no_args_is_help=True)

_PATIENCE_S = 60.0


@app.callback()
def group() -> None:
    """The topics on the broker."""


@app.command("create")
def create() -> None:
    """Create what is missing and verify the rest; `coldwire up` does it by itself.

    Example: COLDWIRE_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 coldwire topics create
    """
    created = asyncio.run(_create(Connection(load_settings().kafka)))
    Console().print(
        f"created {', '.join(created)}" if created else "all topics are there as declared"
    )


async def _create(connection: Connection) -> list[str]:
    await connection.wait_until_ready(_PATIENCE_S)
    return await ensure_topics(connection)
