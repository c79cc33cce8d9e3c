"""``coldwire convert``: public data sets and a user's own CSV become payments and truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from pipeline.errors import ColdwireError
from simulators import canonical
from simulators.mapping import MappingError, Problem, load_mapping
from simulators.own_csv import OwnCsv, read_own_csv
from simulators.public import DATA_SETS
from simulators.public.tables import DataSetError

_SHOWN = 20


def convert(
    source: Annotated[Path, typer.Argument(help="The data set's folder or file, or a CSV.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the payments; left out, only checks.")
    ] = None,
    data_set: Annotated[
        str | None, typer.Option(help=f"A public data set: {', '.join(DATA_SETS)}.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML that says which column of your CSV is what.")
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Move all times, so that the first day is this."),
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave bad rows of the CSV out and go on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write payments, a Parquet file a day, and what is known to be true in tables apart.

    Without --out nothing is written: every mistake of the mapping or the CSV is listed with
    its line and column, and the exit status is 1 if there is one.

    Example: coldwire convert payments.csv --mapping mapping.yaml --out out/own
    """
    if (data_set is None) == (mapping is None):
        raise ColdwireError("say what the data is", "give either --data-set or --mapping")
    problems: list[Problem] = []
    bad_rows = 0
    if mapping is not None:
        own = _read_own(source, mapping)
        data, problems, bad_rows = own.data, own.problems, own.bad_rows
    else:
        data = _read_public(source, str(data_set))
    if start is not None:
        data = data.starting(start.date())
    refused = bool(problems) and not (skip_bad_rows and out is not None)
    if out is not None and not refused:
        canonical.write(data, out)
    _report(data, problems, bad_rows, as_json=as_json)
    if refused:
        raise typer.Exit(1)


def _read_public(source: Path, name: str) -> canonical.Foreign:
    if name not in DATA_SETS:
        raise ColdwireError(f"no data set {name!r}", f"choose one of {', '.join(DATA_SETS)}")
    try:
        return DATA_SETS[name](source)
    except DataSetError as error:
        raise ColdwireError(error.message, error.fix) from None


def _read_own(source: Path, mapping: Path) -> OwnCsv:
    try:
        return read_own_csv(source, load_mapping(mapping))
    except MappingError as error:
        listed = "; ".join(str(problem) for problem in error.problems[:_SHOWN])
        raise ColdwireError(f"{mapping}: {listed}", "correct the mapping") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ColdwireError(str(error), "name a CSV and a mapping that can be read") from None


def _report(
    data: canonical.Foreign, problems: list[Problem], bad_rows: int, *, as_json: bool
) -> None:
    if as_json:
        summary = {
            "payments": data.rows.height,
            "skipped": dict(data.skipped),
            "bad_rows": bad_rows,
            "problems": [
                {"line": p.line, "column": p.column, "field": p.field, "words": p.words}
                for p in problems
            ],
        }
        typer.echo(orjson.dumps(summary).decode())
        return
    for problem in problems[:_SHOWN]:
        typer.echo(str(problem), err=True)
    if len(problems) > _SHOWN:
        typer.echo(f"and {len(problems) - _SHOWN} more", err=True)
    typer.echo(f"{data.rows.height} payments, {bad_rows} bad rows")
    for reason, count in data.skipped.items():
        typer.echo(f"{count} rows left out: {reason}")
