"""``coldwire replay``: files, or a live simulation, into ``payments``; verdicts beside."""

from __future__ import annotations

import asyncio
import json as json_module
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from agents.connection import Connection
from agents.replay import Event, Pace, Replay, Sent, merged
from pipeline.cli.keys import on_key
from pipeline.errors import ColdwireError
from pipeline.iso20022 import read_message
from pipeline.refusal import Refusal
from pipeline.settings import load_settings
from schemas.payment import Payment
from schemas.records import Disposition
from schemas.wire import Wire
from simulators.files import read_payments
from simulators.world import World, WorldConfig

_Kind = TypeVar("_Kind", bound=Wire)
_SUFFIXES = (".parquet", ".jsonl", ".zip")
_PATIENCE_S = 10.0
_REDRAW_S = 0.2
_LIVE_WORLD = WorldConfig(participants=200, parties=3000, days=1000)


def replay(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Parquet, JSON lines or archives of XML, or folders; none: a live simulation."
        ),
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Payments a second.", min=0.01)] = None,
    speed: Annotated[
        float | None, typer.Option(help="Multiple of the original gaps between payments.", min=0.01)
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--max", help="As fast as it goes; so it is without a pace, too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="End after so many payments.", min=1)] = None,
    skip: Annotated[int, typer.Option(help="Leave out so many payments first.", min=0)] = 0,
    since: Annotated[
        datetime | None, typer.Option(help="Leave out what was created before, in UTC.")
    ] = None,
    dispositions: Annotated[
        Path | None,
        typer.Option(help="Verdicts that `coldwire desk` wrote, sent among the payments."),
    ] = None,
    producers: Annotated[int, typer.Option(help="Clients that send side by side.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the live simulation.", min=0)] = 7,
    json: Annotated[bool, typer.Option("--json", help="Print what was sent as JSON.")] = False,
) -> None:
    """Send payments on an absolute schedule; without --rate and --speed as fast as it goes.

    A folder is read in one form: Parquet, else JSON lines, else archives of XML. Recalls and
    broadcasts in an archive move no money and are left out.

    A late send does not shift the later ones; the largest slip is reported. SIGUSR1 pauses
    and resumes, and so does p on a terminal. Verdicts go to the topic `dispositions` by
    their event time, on the schedule of the payments; what was decided before the first
    payment that is sent, or after the last one that --limit allows, is left out.

    Example: coldwire replay out/world --speed 600 --dispositions out/dispositions.jsonl
    """
    if (rate is not None) + (speed is not None) + at_once > 1:
        raise ColdwireError("--rate, --speed and --max exclude each other", "give one of them")
    connection = Connection(load_settings().kafka)
    source = _from_files(files) if files else World(_world(seed)).payments()
    if since is not None:
        begin = since.replace(tzinfo=UTC)
        source = dropwhile(lambda payment: payment.created_at < begin, source)
    chosen = islice(source, skip, None if limit is None else skip + limit)
    verdicts = [] if dispositions is None else list(_of_desk(dispositions))
    events = merged(chosen, verdicts, to_the_end=limit is None)
    sender = partial(Replay, connection, Pace(rate=rate, speed=speed), producers=producers)
    sent = asyncio.run(_run(connection, events, sender, limit))
    if json:
        sys.stdout.write(json_module.dumps(asdict(sent)) + "\n")
    else:
        Console().print(
            f"{sent.payments} payments"
            f"{f' and {sent.dispositions} verdicts' if verdicts else ''} "
            f"sent in {sent.took_s:.1f} s; "
            f"largest slip behind the schedule {1000 * sent.slip_s:.0f} ms"
        )


def _world(seed: int) -> WorldConfig:
    return WorldConfig(
        participants=_LIVE_WORLD.participants,
        parties=_LIVE_WORLD.parties,
        days=_LIVE_WORLD.days,
        seed=seed,
    )


def _from_files(paths: list[Path]) -> Iterator[Payment]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ColdwireError(f"{path} does not exist", "name a file or a folder of payments")
        if path.is_dir():
            forms = (sorted(path.glob(f"payments-*{suffix}")) for suffix in _SUFFIXES)
            days = next(filter(None, forms), [])
            if not days:
                raise ColdwireError(f"no payments-* files in {path}", "see `coldwire simulate`")
            found.extend(days)
        else:
            found.append(path)
    return chain.from_iterable(payments_of(path) for path in found)


def payments_of(path: Path) -> Iterator[Payment]:
    """Read the payments of one file: Parquet, an archive of XML, or JSON lines.

    Raises:
        ColdwireError: it cannot be read; the message says where.
    """
    if path.suffix == ".parquet":
        yield from read_payments(path)
        return
    if path.suffix == ".zip":
        yield from _of_archive(path)
        return
    yield from _of_lines(path, Payment)


def _of_archive(path: Path) -> Iterator[Payment]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ColdwireError(f"{path} is no ZIP archive", "see `coldwire simulate --xml`") from error
    with archive:
        for name in archive.namelist():
            try:
                message = read_message(archive.read(name))
            except Refusal as refusal:
                where = refusal.field or "the document"
                raise ColdwireError(f"{path}, {name}: {where}", refusal.hint) from None
            if isinstance(message, Payment):
                yield message


def _of_desk(path: Path) -> Iterator[Disposition]:
    if not path.is_file():
        raise ColdwireError(f"{path} does not exist", "write it first: coldwire desk --out FILE")
    yield from _of_lines(path, Disposition)


def _of_lines(path: Path, kind: type[_Kind]) -> Iterator[_Kind]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield kind.from_bytes(line)
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(map(str, first["loc"])) or "the line"
                raise ColdwireError(
                    f"{path}, line {number}: {field}: {first['msg']}", "correct that line"
                ) from None


async def _run(
    connection: Connection,
    events: Iterator[Event],
    make_sender: Callable[[], Replay],
    limit: int | None,
) -> Sent:
    await connection.wait_until_ready(_PATIENCE_S)
    sender, loop = make_sender(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, sender.stop)

    def toggle() -> None:
        (sender.resume if sender.paused else sender.pause)()

    loop.add_signal_handler(signal.SIGUSR1, toggle)
    with on_key("p", toggle):
        return await _watched(sender, events, limit)


async def _watched(sender: Replay, events: Iterator[Event], limit: int | None) -> Sent:
    sending = asyncio.create_task(sender.run(events))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("payments", total=limit)
        while not sending.done():
            label = "paused" if sender.paused else "payments"
            progress.update(bar, completed=sender.sent.payments, description=label)
            await asyncio.wait([sending], timeout=_REDRAW_S)
    return sending.result()
