"""``coldwire sql``: an analyst's own question to the flag database, read-only."""

from __future__ import annotations

import csv
import re
import sys
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.database import DatabaseOption, open_for_reading
from pipeline.cli.terminal_text import harmless
from pipeline.errors import ColdwireError
from pipeline.store.ask import Answer, ask
from pipeline.store.timestamp import to_text
from pipeline.store.views import VIEWS

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
"""A time as :func:`to_text` writes it; tables show it to the second."""


def _plain(value: Any) -> Any:
    """A database value as JSON and CSV carry it; times as UTC text, bytes as hex."""
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def _cell(value: Any) -> Text:
    plain = _plain(value)
    if plain is None:
        return Text("–", "dim")
    if isinstance(plain, float):
        return Text(f"{plain:,.4f}".rstrip("0").rstrip("."), justify="right")
    if isinstance(plain, int) and not isinstance(plain, bool):
        return Text(str(plain), justify="right")
    if isinstance(plain, dict | list):
        return harmless(orjson.dumps(plain).decode())
    text = str(plain)
    return harmless(text[:19].replace("T", " ") if _MOMENT.fullmatch(text) else text)


def _print_table(answer: Answer) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in answer.columns:
        table.add_column(name, overflow="fold")
    for row in answer.rows:
        table.add_row(*map(_cell, row))
    Console().print(table)


def _print_csv(answer: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        plain = (_plain(value) for value in row)
        writer.writerow(
            orjson.dumps(value).decode() if isinstance(value, dict | list) else value
            for value in plain
        )


def _print_json(answer: Answer) -> None:
    lines = [dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows]
    typer.echo(orjson.dumps(lines).decode())


def _list_views(as_json: bool) -> None:
    if as_json:
        listed = [
            {"view": view.name, "purpose": view.purpose, "columns": dict(view.columns)}
            for view in VIEWS
        ]
        typer.echo(orjson.dumps(listed).decode())
        return
    console = Console()
    for view in VIEWS:
        console.print(Text.assemble((view.name, "bold cyan"), "  ", view.purpose))
        console.print(Text(f"    {', '.join(view.columns)}", "dim"))


def sql(
    query: Annotated[str | None, typer.Argument(help="One SELECT statement.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many rows; 0 for all.")] = 100,
    views: Annotated[bool, typer.Option("--views", help="List the documented views.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Ask the flag database in SQL; nothing can be changed through this command.

    Example: coldwire sql "SELECT tier, scores, share FROM v_tier_shares ORDER BY day, tier"
    """
    if as_csv and as_json:
        raise ColdwireError("--csv and --json exclude each other", "choose one")
    if views:
        _list_views(as_json)
        return
    if query is None:
        raise ColdwireError("there is no query", 'write: coldwire sql "SELECT * FROM v_alerts"')
    with open_for_reading(database) as opened:
        answer = ask(opened, query, limit or None)
    printer = _print_csv if as_csv else _print_json if as_json else _print_table
    printer(answer)
    if answer.more:
        typer.echo(f"only the first {limit} rows: raise --limit, or 0 for all", err=True)
