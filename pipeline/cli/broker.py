"""``coldwire broker``: the real Kafka that runs as a child process."""

from __future__ import annotations

import typer
from rich.console import Console

from agents.broker import install, installed

app = typer.Typer(help="The Kafka broker that Coldwire can run itself.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The Kafka broker that Coldwire can run itself."""


@app.command("install")
def install_command() -> None:
    """Fetch Kafka's jars (43 MB) with Maven into the user's cache; needs Java 17 and mvn.

    Example: coldwire broker install
    """
    console = Console()
    if installed():
        console.print("Kafka's jars are here already.")
        return
    with console.status("fetching Kafka with Maven"):
        where = install()
    console.print(f"Kafka's jars are in {where}; `coldwire up` uses them from now on.")
