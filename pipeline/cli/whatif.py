"""``coldwire whatif``: one bank stops, or one pair is cut; what follows."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from pipeline.contagion.liquidity import Disruption
from pipeline.contagion.paths import money
from pipeline.contagion.recorded import SettlementDay, day_of, read_day
from pipeline.contagion.whatif import report, what_if
from pipeline.contagion.whatif_picture import draw
from pipeline.errors import ColdwireError
from pipeline.moments import milliseconds
from simulators.world import World, WorldConfig

_ZONE = ZoneInfo("America/New_York")
_OPENS = time(21)
"""Fedwire opens in the evening before its settlement day."""


def whatif(
    stream: Annotated[
        list[Path] | None,
        typer.Argument(help="Payments: Parquet, JSON lines, or their folder. None: simulate."),
    ] = None,
    fail: Annotated[
        str | None, typer.Option(help="Routing number of the bank that stops sending.")
    ] = None,
    block: Annotated[
        str | None, typer.Option(help="Two routing numbers A:B whose payments are held.")
    ] = None,
    at: Annotated[str, typer.Option(help="When it begins, Eastern time.")] = "11:00",
    recover: Annotated[str | None, typer.Option(help="When it ends; left out: never.")] = None,
    delay: Annotated[
        int | None, typer.Option(min=1, help="The bank sends, so many minutes late.")
    ] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Settlement day; the first.")
    ] = None,
    headroom: Annotated[
        float, typer.Option(min=1.0, help="Credit of banks, in their largest overdraft.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated day.")] = 7,
    picture: Annotated[Path | None, typer.Option(help="Write a .png, .svg or .pdf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the difference as JSON.")] = False,
) -> None:
    """Replay a day with one change and show what it does to everyone else.

    Banks open at 0 and may overdraw as far as they did on the undisturbed day, times the
    headroom. Nothing of the running pipeline is touched.

    Example: coldwire whatif out/world --fail 990000011 --at 11:00 --recover 15:00 --picture w.png
    """
    if (fail is None) == (block is None):
        raise ColdwireError("say what fails", "give either --fail BANK or --block A:B")
    if delay is not None and fail is None:
        raise ColdwireError("--delay needs a bank", "give --fail BANK with it")
    settlement = _day(stream, day.date() if day else None, seed)
    disruption = _disruption(settlement, fail, block, at, recover, delay)
    result = what_if(settlement, disruption, headroom)
    if picture is not None:
        _draw(picture, lambda: draw(result, picture, _ZONE))
    difference = report(result)
    if as_json:
        typer.echo(json.dumps(difference))
    else:
        _print(difference)


def _day(stream: list[Path] | None, on: date | None, seed: int) -> SettlementDay:
    if stream:
        return read_day(stream, on)
    world = World(WorldConfig(days=1, seed=seed))
    return day_of(world.payments(), world.calendar.dates[0])


def _disruption(
    day: SettlementDay,
    fail: str | None,
    block: str | None,
    at: str,
    recover: str | None,
    delay: int | None,
) -> Disruption:
    begin = _instant(day.on, at, "--at")
    end = None if recover is None else _instant(day.on, recover, "--recover")
    if end is not None and end <= begin:
        raise ColdwireError("--recover is not after --at", "give a later time")
    if fail is not None:
        wait = None if delay is None else delay * 60_000
        return Disruption(begin, end, bank=day.bank(_routing_number(fail)), delay_ms=wait)
    one, colon, other = (block or "").partition(":")
    if not colon or _routing_number(one) == _routing_number(other):
        raise ColdwireError(f"{block} is not a pair", "write two routing numbers as A:B")
    pair = (day.bank(_routing_number(one)), day.bank(_routing_number(other)))
    return Disruption(begin, end, pair=pair)


def _routing_number(text: str) -> str:
    return text.strip().removeprefix("bank:")


def _instant(on: date, text: str, option: str) -> int:
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        raise ColdwireError(f"{option} {text} is not a time of day", "write 11:00") from None
    if clock >= _OPENS:
        on -= timedelta(days=1)
    return milliseconds(datetime.combine(on, clock, _ZONE))


def _draw(picture: Path, write: Any) -> None:
    try:
        write()
    except (OSError, ValueError) as error:
        raise ColdwireError(
            f"{picture} cannot be written: {error}", "give a path that ends in .png, .svg or .pdf"
        ) from error


def _print(difference: dict[str, Any]) -> None:
    console = Console()
    before, after = difference["undisturbed"], difference["disturbed"]
    table = Table("", "as it was", "with the change", title=f"What if, {difference['day']}")
    rows = (
        ("settled", "settled_usd", money),
        ("unsettled", "unsettled_usd", money),
        ("unsettled payments", "unsettled_payments", "{:,}".format),
        ("payments settled late", "delayed_payments", "{:,}".format),
        ("banks that hit their cap", "banks_at_cap", "{:,}".format),
    )
    for name, key, form in rows:
        table.add_row(name, form(before[key]), form(after[key]))
    for share, time_before in difference["throughput"]["undisturbed"].items():
        time_after = difference["throughput"]["disturbed"][share]
        table.add_row(f"{share} of value settled at", _clock(time_before), _clock(time_after))
    console.print(table)
    peak = difference["peak_queue"]
    console.print(f"most value waiting: {money(peak['usd'])} at {_clock(peak['at'])}")
    console.print(f"lost by creditors if never paid: {money(difference['loss_usd'])}")
    for capped in difference["first_minute_at_cap"][:10]:
        console.print(f"  {capped['bank']} at its cap from {_clock(capped['at'])}")
    for alert in difference["contagion_alerts"][:10]:
        console.print(f"  {alert['bank']} exposed {alert['exposure']:.0%}: {alert['path']}")


def _clock(instant: str | None) -> str:
    if instant is None:
        return "never"
    return f"{datetime.fromisoformat(instant).astimezone(_ZONE):%H:%M}"
