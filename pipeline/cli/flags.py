"""``coldwire flags``: which flags stand, how one came about, and why."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from pipeline.cli.database import DatabaseOption, open_for_reading
from pipeline.cli.flag_views import flag_life, flag_table, why_page
from pipeline.errors import ColdwireError
from pipeline.store import queries
from schemas.alert import AlertKind
from schemas.records import FlagState
from schemas.wire import Wire

app = typer.Typer(help="Flags: which stand, how one came about, and why.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_OPEN = (FlagState.RAISED, FlagState.LOWERED)


def _plain(value: Any) -> Any:
    if isinstance(value, Wire):
        return value.model_dump(mode="json", exclude_none=True)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z).decode())


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ColdwireError(
            f"'{text}' is no time", "write it as 2026-01-05 or 2026-01-05T14:30:00Z"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command(
    "list", epilog="Example: coldwire flags list --kind contagion --since 2026-01-05 --limit 20"
)
def list_flags(
    state: Annotated[
        FlagState | None, typer.Option(help="Only flags in that state; else the open ones.")
    ] = None,
    kind: Annotated[AlertKind | None, typer.Option(help="Only flags of that kind.")] = None,
    entity: Annotated[
        str | None, typer.Option(help="Only entities that begin so, e.g. party:3f or bank:0210.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Changed since, in event time: a day or an ISO time, UTC.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 50,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List flags as they stand now; without --state those that are open."""
    moment = None if since is None else _moment(since)
    with open_for_reading(database) as opened, opened.reading() as connection:
        found = queries.current_flags(
            connection,
            states=_OPEN if state is None else (state,),
            kind=kind,
            entity=entity,
            since=moment,
            limit=limit + 1,
        )
    shown = found[:limit]
    if as_json:
        _print_json([asdict(flag) for flag in shown])
        return
    console = Console()
    if not shown:
        console.print("No flag matches.")
        return
    console.print(flag_table(shown))
    if len(found) > limit:
        console.print(f"[dim]Only the latest {limit} are shown: raise --limit.[/dim]")


@app.command("show", epilog="Example: coldwire flags show 3fa9c1")
def show_flag(
    flag: Annotated[str, typer.Argument(help="Flag id, or its first characters.")],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every change of one flag, its paths and the alert behind it."""
    with open_for_reading(database) as opened, opened.reading() as connection:
        history = queries.flag_history(connection, flag)
        causes = [revision.alert_id for revision in history if revision.alert_id]
        alert = queries.alert_of_id(connection, causes[0]) if causes else None
    if as_json:
        _print_json({"flag_id": history[0].flag_id, "revisions": history, "alert": alert})
        return
    Console().print(flag_life(history, alert))


@app.command("why", epilog="Example: coldwire flags why party:3fa9c1")
def why_flagged(
    subject: Annotated[str, typer.Argument(help="Entity or alert id, or its first characters.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many alerts, scores, …")] = 5,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an entity or an alert stands out: reasons, paths, exposure, verdicts."""
    with open_for_reading(database) as opened, opened.reading() as connection:
        found = queries.why(connection, subject, limit=limit)
    if as_json:
        _print_json(_why_fields(found))
        return
    Console().print(why_page(found))


def _why_fields(found: queries.Why) -> dict[str, Any]:
    return {
        "entity": found.entity,
        "payments": found.payments,
        "alerts": found.alerts,
        "flags": [asdict(flag) for flag in found.flags],
        "exposure": found.exposure,
        "dispositions": found.dispositions,
        "scores": found.scores,
    }
