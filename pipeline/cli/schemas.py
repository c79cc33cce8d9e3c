"""``coldwire schemas``: the message contract as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from pipeline.errors import ColdwireError
from schemas import export as contract

app = typer.Typer(help="The message contract as JSON Schema and AsyncAPI.", no_args_is_help=True)


@app.callback()
def schemas() -> None:
    """The message contract as JSON Schema and AsyncAPI."""


@app.command(epilog="Example: coldwire schemas export --out contract")
def export(
    out: Annotated[
        Path, typer.Option(help="Folder for the files; by default the one of the package.")
    ] = contract.EXPORTED,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file is out of date.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the file names as JSON.")] = False,
) -> None:
    """Write the JSON Schema of every message and one AsyncAPI 3.0 document of all topics.

    A change that breaks what was exported under the same schema version is not written.
    """
    try:
        names = contract.stale(out) if check else contract.export(out)
    except contract.IncompatibleChangeError as error:
        raise ColdwireError(
            f"incompatible with the exported contract: {error}",
            "undo the change, or give the message a new schema_version",
        ) from None
    if as_json:
        typer.echo(orjson.dumps({"folder": str(out), "files": names}).decode())
    else:
        verb = "out of date" if check else "written"
        for name in names:
            typer.echo(f"{verb}: {out / name}")
        if not names:
            typer.echo(f"up to date: {len(contract.documents())} files in {out}")
    if check and names:
        raise typer.Exit(1)
