"""S-FFSD: a small simulated sample of financial transactions, most of them unlabelled.

``Time`` only orders the rows, so each is taken as one second from 5 January 2026 on. Labels
are of payments (1 fraud, 0 none, 2 unknown) and stand on the debtor's side; the creditor's
stays unknown. Many amounts are zero: those rows are no payments.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from simulators.canonical import Foreign, foreign
from simulators.public.tables import PolarsType, cents, find, open_table

NAME: Final = "SFFSD"
_START_MS: Final = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
_LABELS: Final = {0: False, 1: True}
_COLUMNS: Final[Mapping[str, PolarsType]] = {
    "Time": pl.Int64,
    "Source": pl.String,
    "Target": pl.String,
    "Amount": pl.Float64,
    "Labels": pl.Int64,
}
"""What a payment is made of."""
_PLACES: Final[Mapping[str, PolarsType]] = {"Location": pl.String, "Type": pl.String}


def table(place: Path) -> pl.DataFrame:
    """The table ``transactions`` (or ``S-FFSD`` as it was published) with place and kind.

    Rows are in order of ``Time``.

    Args:
        place: its folder or file.

    Raises:
        DataSetError: it is not there, or not that table.
    """
    return _in_time(place, {**_COLUMNS, **_PLACES})


def _in_time(place: Path, columns: Mapping[str, PolarsType]) -> pl.DataFrame:
    published = place / "S-FFSD.csv"
    path = published if published.is_file() else find(place, "transactions")
    return open_table(path, columns).sort("Time", maintain_order=True)


def read(place: Path) -> Foreign:
    """Read it as payments.

    Args:
        place: its folder or file.

    Raises:
        DataSetError: it is not there, or not that table.
    """
    rows = (
        _in_time(place, _COLUMNS)
        .with_row_index("row")
        .select(
            "row",
            (pl.col("Time") * 1000 + _START_MS).alias("event_ms"),
            cents("Amount").alias("cents"),
            pl.format(f"{NAME}-{{}}", "Source").alias("debtor_account"),
            pl.format(f"{NAME}-{{}}", "Target").alias("creditor_account"),
            pl.col("Labels")
            .replace_strict(_LABELS, default=None, return_dtype=pl.Boolean)
            .alias("debtor_risky"),
        )
    )
    return foreign(NAME, rows)
