"""``coldwire``: the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer
from rich.console import Console

from pipeline.cli import alerts, broker, flags, schemas, topics
from pipeline.cli.agent import agent
from pipeline.cli.bench import bench
from pipeline.cli.convert import convert
from pipeline.cli.desk import desk
from pipeline.cli.doctor import doctor
from pipeline.cli.fidelity import fidelity
from pipeline.cli.graph import graph
from pipeline.cli.replay import replay
from pipeline.cli.simulate import simulate
from pipeline.cli.sql import sql
from pipeline.cli.train import train
from pipeline.cli.up import up
from pipeline.cli.whatif import whatif
from pipeline.errors import ColdwireError

app = typer.Typer(
    help="Real-time risk profiles of payment counterparties from their first payment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_RUN, _ASK, _STREAMS, _MODEL, _SET_UP = "Run", "Ask", "Streams", "Model and graph", "Set up"

_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    _RUN: (up, agent, bench),
    _ASK: (sql,),
    _STREAMS: (simulate, fidelity, convert, replay, desk),
    _MODEL: (train, graph, whatif),
    _SET_UP: (doctor,),
}
_GROUPS = (
    ("alerts", alerts.app, _ASK),
    ("flags", flags.app, _ASK),
    ("broker", broker.app, _SET_UP),
    ("topics", topics.app, _SET_UP),
    ("schemas", schemas.app, _SET_UP),
)

for panel, commands in _PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
for name, commands_of, panel in _GROUPS:
    app.add_typer(commands_of, name=name, rich_help_panel=panel)

_USERS_MISTAKE = 2


def main() -> None:
    """Run the command line; a mistake that the user can mend is one line and status 2."""
    try:
        app()
    except ColdwireError as error:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[bold red]error[/] {error.message}", highlight=False)
        console.print(f"[bold]fix[/]   {error.fix}", highlight=False)
        sys.exit(_USERS_MISTAKE)


if __name__ == "__main__":
    main()
