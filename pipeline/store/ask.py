"""One question in an analyst's own SQL, which can read and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from pipeline.errors import ColdwireError
from pipeline.store.database import FlagDatabase

_READS: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows of an answer; ``more`` tells that the limit cut it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


def _only_reads(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def _fetch(cursor: Any, limit: int | None) -> Answer:
    if cursor.description is None:
        raise ColdwireError("the statement returns no rows", "write one SELECT")
    found = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
    kept = found if limit is None else found[:limit]
    names = tuple(str(item[0]) for item in cursor.description)
    return Answer(names, tuple(tuple(row) for row in kept), len(found) > len(kept))


def _wrong(error: Exception) -> ColdwireError:
    message = str(error).strip().splitlines()[0] if str(error).strip() else "the query failed"
    if "not authorized" in message or "read-only" in message:
        return ColdwireError("the query would change something", "write one SELECT")
    if "one statement" in message or "multiple commands" in message:
        return ColdwireError("there is more than one statement", "write one SELECT")
    return ColdwireError(
        f"the query cannot be run: {message}", "see the views and columns: coldwire sql --views"
    )


def ask(database: FlagDatabase, statement: str, limit: int | None = None) -> Answer:
    """Run one SELECT.

    Three locks keep it a question: the database was opened read-only, the transaction is
    read-only, and there is one statement (SQLite: an authoriser that allows reads alone;
    PostgreSQL: the extended protocol, which takes no second one).

    Args:
        database: of :meth:`FlagDatabase.open_read_only`.
        statement: the analyst's SQL.
        limit: at most so many rows; None for all.

    Raises:
        ColdwireError: the statement is wrong, or would change something.
    """
    with database.reading() as connection:
        driver: Any = connection.connection.driver_connection
        if database.backend == "sqlite":
            driver.set_authorizer(_only_reads)
            try:
                return _fetch(driver.execute(statement), limit)
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise _wrong(error) from error
            finally:
                driver.set_authorizer(None)
        try:
            # Binary results make the driver use the extended protocol.
            with driver.cursor(binary=True) as cursor:
                return _fetch(cursor.execute(statement), limit)
        except psycopg.Error as error:
            raise _wrong(error) from error
