"""``coldwire``: the command line."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from pipeline.cli import alerts, broker, flags, schemas
from pipeline.cli.agent import agent
from pipeline.cli.bench import bench
from pipeline.cli.desk import desk
from pipeline.cli.doctor import doctor
from pipeline.cli.replay import replay
from pipeline.cli.simulate import simulate
from pipeline.cli.sql import sql
from pipeline.cli.up import up
from pipeline.errors import ColdwireError

app = typer.Typer(
    help="Real-time risk profiles of payment counterparties from their first payment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(up)
app.command()(agent)
app.command()(simulate)
app.command()(replay)
app.command()(desk)
app.add_typer(alerts.app, name="alerts")
app.add_typer(flags.app, name="flags")
app.command()(sql)
app.add_typer(schemas.app, name="schemas")
app.command()(doctor)
app.command()(bench)
app.add_typer(broker.app, name="broker")

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
