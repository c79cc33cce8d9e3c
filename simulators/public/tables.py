"""Finds and opens the tables of a public data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

PolarsType = type[pl.DataType] | pl.DataType


class DataSetError(Exception):
    """A table is missing, or is not the one of the data set.

    Args:
        message: what is wrong.
        fix: what to do about it.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def find(place: Path, name: str) -> Path:
    """Find a table, Parquet or CSV, by its name without suffix.

    Args:
        place: the folder of the data set, or the table itself.
        name: pattern for the file's name, such as ``*_transactions``.

    Raises:
        DataSetError: no table, or more than one, fits.
    """
    if place.is_file():
        return place
    found = sorted(p for kind in ("parquet", "csv") for p in place.glob(f"{name}.{kind}"))
    if not found:
        raise DataSetError(
            f"{place} holds no {name}.parquet or {name}.csv", "name the data set's folder or file"
        )
    if len(found) > 1:
        listed = ", ".join(path.name for path in found)
        raise DataSetError(f"{place} holds several tables: {listed}", "name one of these files")
    return found[0]


def open_table(path: Path, columns: Mapping[str, PolarsType]) -> pl.DataFrame:
    """Read some columns of a table.

    Args:
        path: a Parquet or CSV file.
        columns: name and type of those wanted.

    Raises:
        DataSetError: it is no such file, a column is missing or holds something else.
    """
    try:
        table = pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
        return table.select(pl.col(name).cast(kind) for name, kind in columns.items())
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataSetError(
            f"{path} is not the expected table: {reason}",
            f"it needs the columns {', '.join(columns)}",
        ) from None


def cents(column: str) -> pl.Expr:
    """Dollars as floating-point numbers to whole cents."""
    return (pl.col(column) * 100).round().cast(pl.Int64)
