"""A world on disk: Parquet a day, truth in tables of its own, JSON lines and XML on request.

A day counts as finished when its files have their final names, so that an interrupted run
goes on where it stopped; equal configurations write equal bytes.
"""

from __future__ import annotations

import heapq
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from schemas.broadcast import Broadcast
from schemas.payment import OriginalPayment, Payment
from schemas.return_request import ReturnRequest
from simulators import broadcasts, recalls
from simulators.delivery import Delivery
from simulators.entries import DayLedger
from simulators.frames import (
    directory_frame,
    members_frame,
    parties_frame,
    payments_frame,
    schemes_frame,
    sides_frame,
)
from simulators.world import World, payment_at

Message = Payment | ReturnRequest | Broadcast
"""What goes through the settlement system."""

MANIFEST: Final = "world.json"
_DELIVERY: Final = "delivery.json"
_ROW_GROUP: Final = 1 << 17
_PLAIN: Final = (
    "uetr",
    "message_type",
    "message_id",
    "end_to_end_id",
    "created_at",
    "settlement_date",
    "amount",
    "local_instrument",
    "purpose",
)


class OtherWorldError(Exception):
    """The directory holds days of a world with another configuration."""


@dataclass(frozen=True)
class Output:
    """Where a world is written, and in which forms beside Parquet.

    Attributes:
        folder: its directory.
        jsonl: write JSON lines as well.
        xml: makes an ISO 20022 document of a message; None: no archive of documents.
        delivery: order and repeats of the JSON lines and documents.
    """

    folder: Path
    jsonl: bool = False
    xml: Callable[[Message], bytes] | None = None
    delivery: Delivery = field(default_factory=Delivery)

    def suffixes(self) -> tuple[str, ...]:
        """Endings of the payments files of a day."""
        return ("parquet", *(["jsonl"] if self.jsonl else []), *(["zip"] if self.xml else []))


def claim(world: World, output: Output) -> None:
    """Make a directory the place of this world.

    Raises:
        OtherWorldError: it already is the place of another one.
    """
    output.folder.mkdir(parents=True, exist_ok=True)
    for name, told in ((MANIFEST, world.config), (_DELIVERY, output.delivery)):
        text = json.dumps(asdict(told), default=str, indent=2) + "\n"
        manifest = output.folder / name
        if manifest.exists() and manifest.read_text() != text:
            raise OtherWorldError(str(output.folder))
        _finish(manifest, partial(Path.write_text, data=text))


def payments_file(folder: Path, day: date, suffix: str = "parquet") -> Path:
    """Where the payments of a day stand."""
    return folder / f"payments-{day:%Y-%m-%d}.{suffix}"


def sides_file(folder: Path, day: date) -> Path:
    """Where the truth about the payments of a day stands."""
    return folder / "truth" / f"sides-{day:%Y-%m-%d}.parquet"


def is_finished(world: World, output: Output, day: int) -> bool:
    """Tell whether all files of a day are there."""
    on = world.calendar.dates[day]
    wanted = [payments_file(output.folder, on, suffix) for suffix in output.suffixes()]
    return all(path.exists() for path in [*wanted, sides_file(output.folder, on)])


def write_day(world: World, output: Output, day: int) -> int:
    """Make and write one day; the number of payments comes back."""
    ledger = world.day(day)
    on = world.calendar.dates[day]
    folder = output.folder
    (folder / "truth").mkdir(exist_ok=True)
    frame = payments_frame(world, ledger)
    _parquet(frame, payments_file(folder, on))
    _parquet(sides_frame(frame["uetr"], ledger), sides_file(folder, on))
    if not output.jsonl and output.xml is None:
        return len(ledger)
    asked = recalls.of_day(world.config.seed, world.ground, ledger)
    told = broadcasts.of_day(world.calendar, day)
    if output.jsonl:
        rows, _ = output.delivery.order(world.config.seed, ledger)
        payments = (payment_at(world, ledger, row) for row in rows.tolist())
        notices = folder / "notices"
        notices.mkdir(exist_ok=True)
        _lines(asked, notices / f"recalls-{on}.jsonl")
        _lines(told, notices / f"broadcasts-{on}.jsonl")
        _lines(payments, payments_file(folder, on, "jsonl"))
    if output.xml is not None:
        write = output.xml
        opened, closed = told
        messages = _delivered(world, ledger, output.delivery, [opened, *asked, closed])
        _finish(
            payments_file(folder, on, "zip"),
            lambda path: _write_archive(path, on, messages, write),
        )
    return len(ledger)


def write_tables(world: World, folder: Path) -> None:
    """Write participants, and the truth about parties, schemes and their members."""
    (folder / "truth").mkdir(exist_ok=True)
    _parquet(directory_frame(world), folder / "participants.parquet")
    _parquet(parties_frame(world), folder / "truth" / "parties.parquet")
    _parquet(schemes_frame(world), folder / "truth" / "schemes.parquet")
    _parquet(members_frame(world), folder / "truth" / "members.parquet")


def read_payments(path: Path) -> Iterator[Payment]:
    """Read a Parquet file of payments, in its order."""
    for row in pl.read_parquet(path).iter_rows(named=True):
        whole: dict[str, Any] = {name: row[name] for name in _PLAIN}
        for side in ("debtor", "creditor"):
            whole[side] = {part: row[f"{side}_{part}"] for part in ("name", "account", "country")}
            whole[f"{side}_agent"] = {
                "routing_number": row[f"{side}_agent"],
                "name": row[f"{side}_agent_name"],
                "lei": row[f"{side}_agent_lei"],
            }
        if row.get("return_reason") is not None:
            original = {name: row[f"original_{name}"] for name in OriginalPayment.model_fields}
            whole["returns"] = {"reason": row["return_reason"], "original": original}
        yield Payment.model_validate(whole)


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    _finish(
        path, lambda part: frame.write_parquet(part, compression="zstd", row_group_size=1 << 17)
    )


def _lines(records: Iterable[Message], path: Path) -> None:
    def write(part: Path) -> None:
        with part.open("wb") as out:
            out.writelines(record.to_bytes() + b"\n" for record in records)

    _finish(path, write)


def _write_archive(
    path: Path, on: date, messages: Iterator[Message], write: Callable[[Message], bytes]
) -> None:
    """One document an entry, named by its place and its message id (a broadcast by its event)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, message in enumerate(messages):
            named = message.event if isinstance(message, Broadcast) else message.message_id
            name = f"{place:07d}-{named}.xml"
            entry = zipfile.ZipInfo(name, date_time=(on.year, on.month, on.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, write(message))


def _delivered(
    world: World, ledger: DayLedger, delivery: Delivery, told: Sequence[ReturnRequest | Broadcast]
) -> Iterator[Message]:
    """Payments as they are delivered, and among them what else was told, never late."""
    rows, arrival = delivery.order(world.config.seed, ledger)
    paid = zip(arrival.tolist(), (payment_at(world, ledger, r) for r in rows.tolist()), strict=True)
    sent = [m.event_at if isinstance(m, Broadcast) else m.created_at for m in told]
    times = delivery.held(np.array([round(at.timestamp() * 1000) for at in sent], dtype=np.int64))
    for _, message in heapq.merge(zip(times.tolist(), told, strict=True), paid, key=itemgetter(0)):
        yield message


def _finish(path: Path, write: Callable[[Path], object]) -> None:
    """Write under another name first, so that a file with its final name is whole."""
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)
