"""AMLSim samples: 20,000 accounts over 150 daily steps with planted fan-ins and cycles.

A sample is a pair of tables, ``<sample>_transactions`` and ``<sample>_nodes``. Steps are
taken as days from 5 January 2026 on, and the payments of a step are spread over the hours
from 14:00 to 22:00 UTC in the order of the file. Labels are of accounts: each side of a
payment is risky if its account is marked, at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from simulators.canonical import Foreign, foreign
from simulators.public.tables import DataSetError, PolarsType, cents, find, open_table

_NAME: Final = "AMLSIM"
_START_MS: Final = int(datetime(2026, 1, 5, 14, tzinfo=UTC).timestamp() * 1000)
_DAY_MS: Final = 86_400_000
_OPEN_MS: Final = 8 * 3_600_000
_PAYMENTS: Final = "_transactions"
_ACCOUNTS: Final = "_nodes"
_PAYMENT_COLUMNS: Final[Mapping[str, PolarsType]] = {
    "sourceNodeId": pl.Int64,
    "targetNodeId": pl.Int64,
    "value": pl.Float64,
    "time": pl.Int64,
}
_ACCOUNT_COLUMNS: Final[Mapping[str, PolarsType]] = {"nodeid": pl.Int64, "isFraud": pl.Int64}


def read(place: Path) -> Foreign:
    """Read one sample.

    Args:
        place: its ``<sample>_transactions`` table, or a folder with only that sample.

    Raises:
        DataSetError: a table is missing, or the folder holds several samples.
    """
    path = find(place, f"*{_PAYMENTS}")
    if not path.stem.endswith(_PAYMENTS):
        raise DataSetError(
            f"{path} is no table of transactions", f"name the file that ends with {_PAYMENTS}"
        )
    sample = path.stem.removesuffix(_PAYMENTS)
    accounts = open_table(find(path.parent, f"{sample}{_ACCOUNTS}"), _ACCOUNT_COLUMNS)
    marked = accounts.filter(pl.col("isFraud") == 1)["nodeid"].implode()
    table = open_table(path, _PAYMENT_COLUMNS).with_row_index("row")
    place_in_step = pl.int_range(pl.len()).over("time") * _OPEN_MS // pl.len().over("time")
    name = f"{_NAME}-{sample}"
    rows = table.select(
        "row",
        (pl.col("time") * _DAY_MS + _START_MS + place_in_step).alias("event_ms"),
        cents("value").alias("cents"),
        pl.format("A{}", "sourceNodeId").alias("debtor_account"),
        pl.format("A{}", "targetNodeId").alias("creditor_account"),
        pl.col("sourceNodeId").is_in(marked).alias("debtor_risky"),
        pl.col("targetNodeId").is_in(marked).alias("creditor_risky"),
    )
    return foreign(name, rows)
