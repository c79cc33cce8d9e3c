"""A recorded stream of payments, reduced to what the banks' books see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import ValidationError

from pipeline.errors import ColdwireError
from schemas.payment import Payment

_COLUMNS = ("uetr", "created_at", "settlement_date", "amount", "debtor_agent", "creditor_agent")


@dataclass(frozen=True, slots=True)
class SettlementDay:
    """Payments between banks on one settlement day, in time order, one row each.

    ``banks`` holds routing numbers; ``debtor`` and ``creditor`` [N] index them. Payments
    inside one bank do not touch its account and are left out.
    """

    on: date
    banks: tuple[str, ...]
    uetr: tuple[str, ...]
    event_ms: npt.NDArray[np.int64]
    debtor: npt.NDArray[np.int64]
    creditor: npt.NDArray[np.int64]
    cents: npt.NDArray[np.int64]

    def bank(self, routing_number: str) -> int:
        """Index of a bank.

        Raises:
            ColdwireError: no payment of the day names it; the fix names the largest ones.
        """
        if routing_number in self.banks:
            return self.banks.index(routing_number)
        sent = np.bincount(self.debtor, weights=self.cents, minlength=len(self.banks))
        largest = [self.banks[i] for i in np.argsort(-sent, kind="stable")[:5].tolist()]
        raise ColdwireError(
            f"no payment of {self.on} names the bank {routing_number}",
            f"the largest senders are {', '.join(largest)}",
        )


def read_day(paths: Iterable[Path], on: date | None = None) -> SettlementDay:
    """Read one settlement day from Parquet or JSON lines files of payments.

    Args:
        paths: files, or folders that hold ``payments-*`` files.
        on: the day; None takes the first one found.

    Raises:
        ColdwireError: a file that cannot be read, or no payments on that day.
    """
    frames = [_read(path) for path in _files(paths)]
    frame = pl.concat(frames)
    if on is None:
        on = frame["settlement_date"].min()  # type: ignore[assignment]
    frame = frame.filter(pl.col("settlement_date") == on)
    if on is None or frame.is_empty():
        raise ColdwireError(f"there are no payments on {on}", "give another --day or file")
    return _day(on, frame)


def day_of(payments: Iterable[Payment], on: date) -> SettlementDay:
    """Reduce canonical payments to the given settlement day."""
    rows = [_row(payment) for payment in payments if payment.settlement_date == on]
    if not rows:
        raise ColdwireError(f"there are no payments on {on}", "choose another day")
    return _day(on, pl.DataFrame(rows, schema=_schema(), orient="row"))


def _schema() -> dict[str, pl.DataType]:
    types = (
        pl.String(),
        pl.Datetime("ms", "UTC"),
        pl.Date(),
        pl.Decimal(14, 2),
        pl.String(),
        pl.String(),
    )
    return dict(zip(_COLUMNS, types, strict=True))


def _row(payment: Payment) -> tuple[object, ...]:
    return (
        payment.uetr,
        payment.created_at,
        payment.settlement_date,
        payment.amount,
        payment.debtor_agent.routing_number,
        payment.creditor_agent.routing_number,
    )


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            parquet = sorted(path.glob("payments-*.parquet"))
            inside = parquet or sorted(path.glob("payments-*.jsonl"))
            if not inside:
                raise ColdwireError(
                    f"{path} holds no payments-*.parquet or payments-*.jsonl",
                    "write some with: coldwire simulate --out " + str(path),
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise ColdwireError(f"there is no file {path}", "check the path")
    return found


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        try:
            frame = pl.read_parquet(path, columns=list(_COLUMNS))
            return frame.cast(_schema())  # type: ignore[arg-type]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ColdwireError(
                f"{path} is not a Parquet file of payments", "write it with coldwire simulate"
            ) from error
    rows: list[tuple[object, ...]] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                rows.append(_row(Payment.from_bytes(line)))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise ColdwireError(
                    f"{path}, line {number}: {where}: {first['msg']}",
                    "each line must be one canonical payment in JSON",
                ) from error
    return pl.DataFrame(rows, schema=_schema(), orient="row")


def _day(on: date, frame: pl.DataFrame) -> SettlementDay:
    frame = frame.filter(pl.col("debtor_agent") != pl.col("creditor_agent"))
    frame = frame.unique("uetr", keep="first", maintain_order=True)
    frame = frame.sort("created_at", maintain_order=True)
    banks = sorted({*frame["debtor_agent"], *frame["creditor_agent"]})
    place = {bank: i for i, bank in enumerate(banks)}
    cents = (frame["amount"] * 100).cast(pl.Int64)
    return SettlementDay(
        on=on,
        banks=tuple(banks),
        uetr=tuple(frame["uetr"]),
        event_ms=frame["created_at"].dt.epoch("ms").to_numpy().astype(np.int64),
        debtor=np.array([place[b] for b in frame["debtor_agent"]], np.int64),
        creditor=np.array([place[b] for b in frame["creditor_agent"]], np.int64),
        cents=cents.to_numpy().astype(np.int64),
    )
