"""``coldwire``: the command line.

A command's module is imported when the command is called, so that listing flags does not
wait for the machinery of training.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from pipeline.errors import ColdwireError


@dataclass(frozen=True, slots=True)
class Entry:
    """A command or group: where it is, and the first sentence of its help."""

    panel: str
    name: str
    help: str
    attribute: str = ""

    def load(self) -> Callable[..., Any]:
        """Import it."""
        module = import_module(f"pipeline.cli.{self.name}")
        found: Any = getattr(module, self.attribute or self.name)
        if not isinstance(found, typer.Typer):
            holder = typer.Typer(add_completion=False)
            holder.command(self.name)(found)
            found = holder
        return typer.main.get_command(found)


_RUN, _ASK, _STREAMS, _MODEL, _SET_UP = "Run", "Ask", "Streams", "Model and graph", "Set up"

ENTRIES = (
    Entry(_RUN, "up", "Run everything on this machine and replay a synthetic stream."),
    Entry(_RUN, "agent", "Run one worker; production runs as many of each as it needs."),
    Entry(_RUN, "bench", "Measure latency and the highest sustained rate under open-loop load."),
    Entry(_ASK, "alerts", "Subscribe to alerts.", "app"),
    Entry(_ASK, "flags", "List flags, show how one came about, and why.", "app"),
    Entry(_ASK, "sql", "Ask the flag database in SQL; nothing can be changed through it."),
    Entry(_STREAMS, "simulate", "Write a synthetic world of payments, truth in tables apart."),
    Entry(_STREAMS, "fidelity", "Measure a simulated world and write the report with pictures."),
    Entry(_STREAMS, "convert", "Turn public data sets or an own CSV into payments and truth."),
    Entry(_STREAMS, "replay", "Send payments on an absolute schedule."),
    Entry(_STREAMS, "desk", "Let simulated analysts confirm and clear the stored alerts."),
    Entry(_MODEL, "train", "Train backbone, prompts, heads, trees and calibration."),
    Entry(_MODEL, "evaluate", "Compare served scores with rivals by events seen."),
    Entry(_MODEL, "fewshot", "Measure how few labelled counterparties are enough."),
    Entry(_MODEL, "benchmark", "Make, run and score the public cold-start benchmark.", "app"),
    Entry(_MODEL, "public", "Compare with the published figures of public data sets.", "app"),
    Entry(_MODEL, "ablate", "Change one part of the model and measure what it was worth.", "app"),
    Entry(_MODEL, "graph", "Draw an entity's neighbourhood: flows, flags, paths."),
    Entry(_MODEL, "whatif", "Replay a day with one change and show what it does to the rest."),
    Entry(_SET_UP, "doctor", "Check broker, topics, database, checkpoint and device."),
    Entry(_SET_UP, "broker", "Fetch a real Kafka.", "app"),
    Entry(_SET_UP, "topics", "Create the topics on a configured broker.", "app"),
    Entry(_SET_UP, "schemas", "Export the message contract as JSON Schema and AsyncAPI.", "app"),
)

_ALSO: dict[tuple[str, ...], str] = {("simulate", "report"): "fidelity"}
"""Second names, as users of simulators look for them."""

_USERS_MISTAKE = 2


def _show_commands() -> None:
    """Print all commands by purpose, without loading them."""
    console = Console()
    console.print("\n [bold]coldwire[/] COMMAND [ARGS]...   (COMMAND --help tells more)\n")
    console.print(
        " Real-time risk profiles of payment counterparties, from the first payment on.\n"
    )
    for panel in dict.fromkeys(entry.panel for entry in ENTRIES):
        table = Table.grid(padding=(0, 2))
        table.add_column(width=9, style="bold cyan")
        table.add_column()
        for entry in ENTRIES:
            if entry.panel == panel:
                table.add_row(entry.name, entry.help)
        console.print(Panel(table, title=panel, title_align="left", border_style="dim"))


def _run(arguments: list[str]) -> None:
    if not arguments or arguments[0] in ("--help", "-h"):
        _show_commands()
        return
    name, *rest = arguments
    if tuple(arguments[:2]) in _ALSO:
        name, rest = _ALSO[tuple(arguments[:2])], arguments[2:]
    known = {entry.name: entry for entry in ENTRIES}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        fix = f"did you mean `coldwire {near[0]}`?" if near else "`coldwire` lists the commands"
        raise ColdwireError(f"there is no command {name}", fix)
    known[name].load()(args=rest, prog_name=f"coldwire {name}")


def main() -> None:
    """Run the command line; a mistake that the user can mend is one line and status 2."""
    try:
        _run(sys.argv[1:])
    except ColdwireError as error:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"[bold red]error[/] {error.message}", highlight=False)
        console.print(f"[bold]fix[/]   {error.fix}", highlight=False)
        sys.exit(_USERS_MISTAKE)


if __name__ == "__main__":
    main()
