"""Foreign rows become canonical payments and truth, in the layout that worlds are written in.

A data set brings who paid whom, when and how much. What it lacks is made up in one place
and from its own values only, so that equal inputs give equal bytes: banks (each account
belongs to one of :data:`BANKS`, by a hash), ids, and names (the account).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from schemas.payment import MessageType
from simulators import names
from simulators.files import payments_file, sides_file
from simulators.statements import uetr

BANKS: Final = 200
"""Made-up banks that customers without one are spread over."""

ROWS: Final = pl.Schema(
    {
        "row": pl.Int64(),
        "event_ms": pl.Int64(),
        "cents": pl.Int64(),
        "message_type": pl.String(),
        "local_instrument": pl.String(),
        "purpose": pl.String(),
        "end_to_end_id": pl.String(),
        "uetr": pl.String(),
        "debtor_account": pl.String(),
        "debtor_name": pl.String(),
        "debtor_country": pl.String(),
        "debtor_agent": pl.String(),
        "creditor_account": pl.String(),
        "creditor_name": pl.String(),
        "creditor_country": pl.String(),
        "creditor_agent": pl.String(),
        "debtor_risky": pl.Boolean(),
        "creditor_risky": pl.Boolean(),
        "typology": pl.String(),
    }
)
"""Columns of foreign rows. Absent ones are null; ``event_ms`` is UTC, ``cents`` positive."""

_SIDES: Final = ("debtor", "creditor")
_INSTRUMENTS: Final = {MessageType.CUSTOMER.value: "CTRC", MessageType.BANK.value: "BTRC"}
_DAY_MS: Final = 86_400_000


class Day(NamedTuple):
    """One day of a data set: payments as a world writes them, and the truth about each side."""

    on: date
    payments: pl.DataFrame
    truth: pl.DataFrame


@dataclass(frozen=True)
class Foreign:
    """A foreign data set.

    Attributes:
        name: goes before accounts and into ids, so that data sets do not mix.
        rows: with the columns of :data:`ROWS`, in time order.
        skipped: how many of its rows cannot be payments, by reason.
    """

    name: str
    rows: pl.DataFrame
    skipped: Mapping[str, int]

    def starting(self, on: date) -> Foreign:
        """Move all times by whole days, so that the first payment is on that day."""
        if self.rows.is_empty():
            return self
        first = int(self.rows["event_ms"][0]) // _DAY_MS
        wanted = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()) // 86_400
        moved = self.rows.with_columns(pl.col("event_ms") + (wanted - first) * _DAY_MS)
        return replace(self, rows=moved)

    def days(self) -> Iterator[Day]:
        """Complete the rows, a UTC day at a time."""
        banks = _Banks(self.name)
        dated = self.rows.with_columns((pl.col("event_ms") // _DAY_MS).alias("day"))
        for part in dated.partition_by("day", maintain_order=True, include_key=False):
            on = datetime.fromtimestamp(int(part["event_ms"][0]) / 1000, UTC).date()
            yield _complete(self.name, on, part, banks)


def foreign(name: str, rows: pl.DataFrame, skipped: Mapping[str, int] | None = None) -> Foreign:
    """Take rows that lack columns or order; those that move nothing are left out and counted.

    Args:
        name: of the data set.
        rows: some of the columns of :data:`ROWS`, with ``row``, ``event_ms`` and ``cents``.
        skipped: rows left out before.
    """
    whole = rows.select(
        pl.col(column).cast(kind)
        if column in rows.columns
        else pl.lit(None, dtype=kind).alias(column)
        for column, kind in ROWS.items()
    )
    message = pl.col("message_type").fill_null(MessageType.CUSTOMER.value)
    whole = whole.with_columns(
        message,
        pl.col("local_instrument").fill_null(message.replace_strict(_INSTRUMENTS)),
        *(pl.col(f"{side}_name").fill_null(pl.col(f"{side}_account")) for side in _SIDES),
    )
    nothing = pl.col("cents") <= 0
    own = pl.all_horizontal(
        pl.col(f"debtor_{part}").eq_missing(pl.col(f"creditor_{part}"))
        for part in ("account", "agent")
    )
    counts = {
        "amount is not above zero": whole.filter(nothing).height,
        "debtor and creditor are the same": whole.filter(~nothing & own).height,
    }
    kept = whole.filter(~nothing & ~own).sort("event_ms", maintain_order=True)
    found = {reason: count for reason, count in counts.items() if count}
    return Foreign(name, kept, {**(skipped or {}), **found})


def write(data: Foreign, folder: Path) -> int:
    """Write the days of a data set as a world's files; the number of payments comes back."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    for day in data.days():
        for frame, path in (
            (day.payments, payments_file(folder, day.on)),
            (day.truth, sides_file(folder, day.on)),
        ):
            part = path.with_name(f"{path.name}.part")
            frame.write_parquet(part, compression="zstd")
            part.replace(path)
    return data.rows.height


class _Banks:
    """The bank of each account, made up where the data has none."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[str, int] = {}

    def index(self, account: str) -> int:
        """Index of a made-up bank."""
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = _hash(self._name, "bank", account) % BANKS
        return known


def _complete(name: str, on: date, rows: pl.DataFrame, banks: _Banks) -> Day:
    payments: dict[str, pl.Series] = {
        "uetr": _uetrs(name, rows),
        "message_type": rows["message_type"],
        "created_at": rows["event_ms"].cast(pl.Datetime("ms", "UTC")),
        "settlement_date": pl.Series([on]).new_from_index(0, rows.height),
        "amount": (rows["cents"].cast(pl.Decimal(20, 2)) / 100).cast(pl.Decimal(16, 2)),
        "local_instrument": rows["local_instrument"],
        "purpose": rows["purpose"],
    }
    for side in _SIDES:
        index = _made_up(rows, side, banks)
        for part in ("name", "account", "country"):
            payments[f"{side}_{part}"] = rows[f"{side}_{part}"]
        payments[f"{side}_agent"] = _coalesced(rows[f"{side}_agent"], _NUMBERS.gather(index))
        payments[f"{side}_agent_name"] = _NAMES.gather(index)
        payments[f"{side}_agent_lei"] = _LEIS.gather(index)
    # Eight digits tell routing numbers apart: the ninth is their check digit.
    own = rows["debtor_agent"].str.head(8)
    sender = _coalesced(own, _ENDPOINTS.gather(_made_up(rows, "debtor", banks)))
    number = pl.int_range(1, pl.len() + 1).over("sender").cast(pl.String).str.zfill(6)
    stamp = pl.lit(f"{on:%Y%m%d}")
    reference = f"{name[:16]}-" + rows["row"].cast(pl.String)
    frame = (
        pl.DataFrame(payments | {"sender": sender})
        .with_columns((stamp + pl.col("sender") + number).alias("message_id"))
        .with_columns(_coalesced(rows["end_to_end_id"], reference).alias("end_to_end_id"))
        .drop("sender")
    )
    truth = rows.select("debtor_risky", "creditor_risky", "typology")
    return Day(on, frame, truth.insert_column(0, frame["uetr"]))


def _made_up(rows: pl.DataFrame, side: str, banks: _Banks) -> pl.Series:
    """Index of the made-up bank of each row; null where the data names one."""
    pairs = zip(rows[f"{side}_account"], rows[f"{side}_agent"], strict=True)
    found = [None if agent or account is None else banks.index(account) for account, agent in pairs]
    return pl.Series(found, dtype=pl.Int64)


def _uetrs(name: str, rows: pl.DataFrame) -> pl.Series:
    """The data's own references, else version 4 UUIDs made of the row number."""
    made = [
        own if own is not None else uetr(*divmod(_hash(name, "uetr", str(row)), 1 << 64))
        for row, own in zip(rows["row"], rows["uetr"], strict=True)
    ]
    return pl.Series(made, dtype=pl.String)


def _hash(*parts: str) -> int:
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=16).digest(), "big")


def _coalesced(first: pl.Series, second: pl.Series) -> pl.Series:
    return first.zip_with(first.is_not_null(), second)


_NUMBERS: Final = pl.Series([names.routing_number(i) for i in range(BANKS)])
_NAMES: Final = pl.Series([names.bank_name(i) for i in range(BANKS)])
_LEIS: Final = pl.Series([names.lei(i) for i in range(BANKS)])
_ENDPOINTS: Final = pl.Series([names.endpoint(i) for i in range(BANKS)])
