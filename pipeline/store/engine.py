"""Connections: SQLite and PostgreSQL brought to the same behaviour."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from pipeline.errors import ColdwireError

# SQLite waits this long by itself before an attempt counts as failed.
_BUSY_TIMEOUT_S: Final = 1.0
_CONNECT_TIMEOUT_S: Final = 5
_EXAMPLES: Final = "sqlite:////var/lib/coldwire/flags.db or postgresql://user:password@host/name"
WRITES: Final = "coldwire_writes"
"""Execution option of connections that will write."""


def parse_url(url: str) -> URL:
    """Read a database URL and settle on the drivers that Coldwire ships.

    Raises:
        ColdwireError: the URL is not one, or of another database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ColdwireError(f"'{url}' is no database URL", f"write it as {_EXAMPLES}") from error
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ColdwireError(
                "a flag database in memory would be lost", "name a file: sqlite:///flags.db"
            )
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ColdwireError(f"no flag database runs on '{backend}'", f"use {_EXAMPLES}")


def _orjson_text(value: object) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(read_only: bool) -> Callable[[sqlite3.Connection, Any], None]:
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # The driver must not begin or commit by itself: BEGIN is ours, below.
        connection.isolation_level = None
        pragmas = ["foreign_keys = on", f"busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}"]
        if read_only:
            pragmas.append("query_only = on")
        else:
            # FULL, not NORMAL: offsets are committed after the row, and a power cut must
            # not take back a row whose offset is gone.
            pragmas += ["journal_mode = wal", "synchronous = full"]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once; a transaction that reads first and then writes
    # could not wait for another writer.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgres(read_only: bool) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            if read_only:
                cursor.execute("SET default_transaction_read_only = on")
        connection.commit()

    return prepare


def _sqlite_engine(url: URL, read_only: bool) -> Engine:
    if read_only:
        path = quote(str(Path(str(url.database)).absolute()))
        url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(
        url, json_serializer=_orjson_text, connect_args={"timeout": _BUSY_TIMEOUT_S}
    )
    event.listen(engine, "connect", _prepare_sqlite(read_only))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres_engine(url: URL, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        json_serializer=_orjson_text,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": "coldwire",
        },
    )
    event.listen(engine, "connect", _prepare_postgres(read_only))
    return engine


def open_engine(url: URL, *, read_only: bool) -> Engine:
    """Make the engine for a URL of :func:`parse_url`; no connection is opened yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, read_only)
    return _postgres_engine(url, read_only)
