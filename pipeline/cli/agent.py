"""``coldwire agent``: one worker against a configured broker."""

from __future__ import annotations

from typing import Annotated

import typer

from agents.__main__ import WORKERS, handler_of, run


def agent(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(WORKERS)}.")],
) -> None:
    """Run one worker until SIGTERM; production runs as many of each as it needs.

    Several of one kind need distinct COLDWIRE_WORKER__INSTANCE numbers.

    Example: COLDWIRE_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 coldwire agent profile
    """
    handler_of(name)
    raise typer.Exit(run(name))
