"""A world on disk: Parquet a day, truth in tables of its own, JSON lines on request.

A day counts as finished when its files have their final names, so that an interrupted run
goes on where it stopped; equal configurations write equal bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from schemas.payment import Payment
from simulators import names, statements
from simulators.behaviours import FAMILIES
from simulators.cases import ROLES, STAGES
from simulators.codes import COUNTRIES, LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES, Kind
from simulators.delivery import Delivery
from simulators.entries import DayLedger
from simulators.typologies import TYPOLOGIES
from simulators.world import World, payment_at

MANIFEST: Final = "world.json"
_DELIVERY: Final = "delivery.json"
_SCHEME_FAMILY: Final = "scheme"
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
        xml: makes an ISO 20022 document of a payment; None: no archive of documents.
        delivery: order and repeats of the JSON lines and documents.
    """

    folder: Path
    jsonl: bool = False
    xml: Callable[[Payment], bytes] | None = None
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
    rows, _ = output.delivery.order(world.config.seed, ledger)
    if output.jsonl:
        payments = (payment_at(world, ledger, row) for row in rows.tolist())
        _finish(payments_file(folder, on, "jsonl"), lambda path: _write_lines(path, payments))
    if output.xml is not None:
        write = output.xml
        again = (payment_at(world, ledger, row) for row in rows.tolist())
        _finish(payments_file(folder, on, "zip"), lambda path: _write_archive(path, again, write))
    return len(ledger)


def write_tables(world: World, folder: Path) -> None:
    """Write participants, and the truth about parties, schemes and their members."""
    (folder / "truth").mkdir(exist_ok=True)
    _parquet(participants_frame(world), folder / "participants.parquet")
    _parquet(parties_frame(world), folder / "truth" / "parties.parquet")
    _parquet(schemes_frame(world), folder / "truth" / "schemes.parquet")
    _parquet(members_frame(world), folder / "truth" / "members.parquet")


def payments_frame(world: World, ledger: DayLedger) -> pl.DataFrame:
    """The payments of a day as columns; what :func:`read_payments` makes payments of."""
    high, low = world.uetr_words(ledger)
    pairs = zip(high.tolist(), low.tolist(), strict=True)
    sent = pl.Series("sent", ledger.sequence)
    on = world.calendar.dates[ledger.day]
    banks = participants_frame(world)
    columns: dict[str, pl.Series] = {
        "uetr": pl.Series([statements.uetr(a, b) for a, b in pairs], dtype=pl.String),
        "message_type": _named([str(m) for m in MESSAGE_TYPES], ledger.message_type),
        "created_at": pl.Series(ledger.event_ms).cast(pl.Datetime("ms", "UTC")),
        "settlement_date": pl.Series([on]).new_from_index(0, len(ledger)),
        "amount": _dollars(ledger),
        "local_instrument": _named(list(LOCAL_INSTRUMENTS), ledger.local_instrument),
        "purpose": _named([p or None for p in PURPOSES], ledger.purpose),
    }
    people = _people(world)
    for side in ("debtor", "creditor"):
        agent = getattr(ledger, f"{side}_agent")
        party = getattr(ledger, side)
        bank = party < 0
        who = people[np.where(bank, 0, party)]
        absent = pl.Series(bank)
        own = banks["name"].gather(agent)
        columns[f"{side}_name"] = own.zip_with(absent, who["name"])
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(ledger))
        columns[f"{side}_account"] = nothing.zip_with(absent, who["account"])
        home = pl.Series(["US"]).new_from_index(0, len(ledger))
        columns[f"{side}_country"] = home.zip_with(absent, who["country"])
        columns[f"{side}_agent"] = banks["routing_number"].gather(agent)
        columns[f"{side}_agent_name"] = own
        columns[f"{side}_agent_lei"] = banks["lei"].gather(agent)
    frame = pl.DataFrame(columns)
    endpoint = banks["endpoint"].gather(ledger.debtor_agent)
    stamp = f"{on:%Y%m%d}"
    number = sent.cast(pl.String)
    return frame.with_columns(
        message_id=stamp + endpoint + number.str.zfill(6),
        end_to_end_id=stamp[2:]
        + "-"
        + pl.Series(ledger.debtor_agent).cast(pl.String)
        + "-"
        + number,
    )


def sides_frame(uetr: pl.Series, ledger: DayLedger) -> pl.DataFrame:
    """The truth about the payments of a day, by UETR."""
    families = [family.name for family in FAMILIES] + [_SCHEME_FAMILY]
    return pl.DataFrame(
        {
            "uetr": uetr,
            "family": _named(families, ledger.family),
            "scheme": pl.Series(ledger.scheme).replace({-1: None}),
            "debtor_role": _named(list(ROLES), ledger.debtor_role),
            "creditor_role": _named(list(ROLES), ledger.creditor_role),
            "stage": _named(list(STAGES), ledger.stage),
            "debtor_risky": ledger.debtor_risky,
            "creditor_risky": ledger.creditor_risky,
        }
    )


def participants_frame(world: World) -> pl.DataFrame:
    """The directory of participants."""
    index = range(world.config.participants)
    return pl.DataFrame(
        {
            "routing_number": [names.routing_number(i) for i in index],
            "name": [names.bank_name(i) for i in index],
            "lei": [names.lei(i) for i in index],
            "endpoint": [names.endpoint(i) for i in index],
        }
    )


def parties_frame(world: World) -> pl.DataFrame:
    """All customers with what only the world knows of them."""
    parties = world.parties
    return _people(world).with_columns(
        agent=pl.Series(world.routing_numbers()).gather(parties.agent),
        kind=_named([kind.name.lower() for kind in Kind], parties.kind),
        birth_day=pl.Series(parties.birth),
        death_day=pl.Series(parties.death),
    )


def schemes_frame(world: World) -> pl.DataFrame:
    """Schemes and look-alikes."""
    rows = [
        {
            "scheme": s.ident,
            "typology": TYPOLOGIES[s.typology].name,
            "benign": s.benign,
            "habit": s.habit,
            "difficulty": s.difficulty,
            "first_day": s.day,
            "onset_ms": s.onset_ms if s.onset_ms >= 0 else None,
        }
        for s in world.truth.schemes
    ]
    types: dict[str, Any] = {
        "scheme": pl.Int64,
        "typology": pl.String,
        "benign": pl.Boolean,
        "habit": pl.Boolean,
        "difficulty": pl.Float64,
        "first_day": pl.Int64,
        "onset_ms": pl.Int64,
    }
    return pl.DataFrame(rows, schema=types)


def members_frame(world: World) -> pl.DataFrame:
    """Who is in each scheme, and whether the role is a risky one."""
    accounts, numbers = world.accounts(), world.routing_numbers()
    rows = [
        {
            "scheme": s.ident,
            "account": accounts[party] if party >= 0 else None,
            "agent": numbers[int(world.parties.agent[party]) if party >= 0 else -1 - party],
            "role": role,
            "risky": not s.benign and role in TYPOLOGIES[s.typology].risky_roles,
        }
        for s in world.truth.schemes
        for party, role in s.members
    ]
    types: dict[str, Any] = {
        "scheme": pl.Int64,
        "account": pl.String,
        "agent": pl.String,
        "role": pl.String,
        "risky": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=types)


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
        yield Payment.model_validate(whole)


def _people(world: World) -> pl.DataFrame:
    parties = world.parties
    kinds = [Kind(k) for k in parties.kind.tolist()]
    return pl.DataFrame(
        {
            "name": [names.party_name(kind, i) for i, kind in enumerate(kinds)],
            "account": world.accounts(),
            "country": _named([code for code, _ in COUNTRIES], parties.country),
        }
    )


def _dollars(ledger: DayLedger) -> pl.Series:
    return (pl.Series(ledger.amount_cents).cast(pl.Decimal(20, 2)) / 100).cast(pl.Decimal(16, 2))


def _named(table: list[Any], index: np.ndarray[Any, Any]) -> pl.Series:
    return pl.Series(table, dtype=pl.String).gather(index.astype(np.int64))


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    _finish(
        path, lambda part: frame.write_parquet(part, compression="zstd", row_group_size=1 << 17)
    )


def _write_lines(path: Path, payments: Iterator[Payment]) -> None:
    with path.open("wb") as out:
        for payment in payments:
            out.write(payment.to_bytes() + b"\n")


def _write_archive(
    path: Path, payments: Iterator[Payment], write: Callable[[Payment], bytes]
) -> None:
    """One document an entry, named by its place in the delivery and its message id."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, payment in enumerate(payments):
            on = payment.settlement_date
            name = f"{place:07d}-{payment.message_id}.xml"
            entry = zipfile.ZipInfo(name, date_time=(on.year, on.month, on.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, write(payment))


def _finish(path: Path, write: Callable[[Path], object]) -> None:
    """Write under another name first, so that a file with its final name is whole."""
    part = path.with_name(path.name + ".part")
    write(part)
    part.replace(path)
