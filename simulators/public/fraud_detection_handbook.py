"""Fraud Detection Handbook: card payments of 5,000 customers at 10,000 terminals, simulated.

Half a year from 1 April 2018, in dollars, times without zone taken as UTC. Each payment is
fraudulent or not, by one of three scenarios: 1 an amount above 220, 2 a terminal taken over
for 28 days, 3 a customer's card data stolen for 14 days. The risk stands on the side that
was taken over: the terminal in scenario 2, else the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from simulators.canonical import Foreign, foreign
from simulators.public.tables import PolarsType, cents, find, open_table

NAME: Final = "FDH"
_SCENARIOS: Final = {1: "large-amount", 2: "terminal-compromised", 3: "card-stolen"}
_TERMINAL: Final = 2
_COLUMNS: Final[Mapping[str, PolarsType]] = {
    "TRANSACTION_ID": pl.Int64,
    "TX_DATETIME": pl.Datetime("ms"),
    "CUSTOMER_ID": pl.Int64,
    "TERMINAL_ID": pl.Int64,
    "TX_AMOUNT": pl.Float64,
    "TX_FRAUD_SCENARIO": pl.Int64,
}


def table(place: Path) -> pl.DataFrame:
    """The table ``transactions`` as published, in order of ``TRANSACTION_ID``.

    Args:
        place: its folder or file.

    Raises:
        DataSetError: it is not there, or not that table.
    """
    return open_table(find(place, "transactions"), _COLUMNS).sort("TRANSACTION_ID")


def read(place: Path) -> Foreign:
    """Read it as payments.

    Args:
        place: its folder or file.

    Raises:
        DataSetError: it is not there, or not that table.
    """
    scenario = pl.col("TX_FRAUD_SCENARIO")
    rows = table(place).select(
        pl.col("TRANSACTION_ID").alias("row"),
        pl.col("TX_DATETIME").dt.epoch("ms").alias("event_ms"),
        cents("TX_AMOUNT").alias("cents"),
        pl.format(f"{NAME}-C{{}}", "CUSTOMER_ID").alias("debtor_account"),
        pl.format(f"{NAME}-T{{}}", "TERMINAL_ID").alias("creditor_account"),
        ((scenario > 0) & (scenario != _TERMINAL)).alias("debtor_risky"),
        (scenario == _TERMINAL).alias("creditor_risky"),
        scenario.replace_strict(_SCENARIOS, default=None).alias("typology"),
    )
    return foreign(NAME, rows)
