"""Which database errors pass by themselves, and what a user can do about the others."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

from pipeline.errors import ColdwireError

_T = TypeVar("_T")

_FIRST_WAIT_S: Final = 0.05
_LONGEST_WAIT_S: Final = 1.0

_SQLITE_WAITING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_FIXES: Final = {
    sqlite3.SQLITE_BUSY: (
        "the flag database is locked by another program",
        "close the program that holds a transaction open on the file, then start again",
    ),
    sqlite3.SQLITE_LOCKED: (
        "the flag database is locked by another program",
        "close the program that holds a transaction open on the file, then start again",
    ),
    sqlite3.SQLITE_FULL: (
        "the disk of the flag database is full",
        "free some space or point COLDWIRE_DATABASE__URL at another disk",
    ),
    sqlite3.SQLITE_READONLY: (
        "the flag database cannot be written",
        "give this user write permission on the file and on its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the flag database cannot be opened",
        "check the path in COLDWIRE_DATABASE__URL and the permissions of its folder",
    ),
    sqlite3.SQLITE_NOTADB: (
        "the file is no SQLite database",
        "correct the path in COLDWIRE_DATABASE__URL or move the file away",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the flag database is damaged",
        "restore it from a backup, or move the file away and replay the topics",
    ),
}
# Classes of SQLSTATE: connection, rollback (deadlock), resources, operator intervention.
_POSTGRES_WAITING: Final = ("08", "40", "53", "57")
_POSTGRES_FIXES: Final = {
    "28": ("PostgreSQL refused the user", "correct user and password in COLDWIRE_DATABASE__URL"),
    "3D": (
        "PostgreSQL has no database of that name",
        "create it, or correct COLDWIRE_DATABASE__URL",
    ),
    "42501": ("the PostgreSQL user may not do that", "grant it rights on the schema"),
    "53": ("PostgreSQL is out of space, memory or connections", "see the server's log"),
    "25006": (
        "the flag database cannot be written: PostgreSQL reads only here",
        "point COLDWIRE_DATABASE__URL at the primary server",
    ),
}


def _sqlite_code(error: DBAPIError) -> int | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def _sqlstate(error: DBAPIError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return None if state is None else str(state)


def passes_by_itself(error: DBAPIError) -> bool:
    """Tell whether waiting is right: a lock, a deadlock, a server that is away."""
    code = _sqlite_code(error)
    if code is not None:
        return code in _SQLITE_WAITING
    state = _sqlstate(error)
    if state is not None:
        return state.startswith(_POSTGRES_WAITING)
    # A server that cannot be reached has no SQLSTATE; neither has a closed SQLite handle.
    return type(error.orig).__module__.startswith("psycopg") and (
        type(error.orig).__name__ == "OperationalError"
    )


def explained(error: DBAPIError) -> ColdwireError | None:
    """Put a known database error in words with its fix; None for a defect of ours."""
    code = _sqlite_code(error)
    if code is not None:
        known = _SQLITE_FIXES.get(code)
        return ColdwireError(*known) if known else None
    state = _sqlstate(error)
    for prefix, known in _POSTGRES_FIXES.items():
        if state is not None and state.startswith(prefix):
            return ColdwireError(*known)
    if passes_by_itself(error):
        first_line = str(error.orig).strip().splitlines()[0]
        return ColdwireError(
            f"PostgreSQL does not answer: {first_line}",
            "start the server or correct COLDWIRE_DATABASE__URL",
        )
    return None


def with_patience(work: Callable[[], _T], patience_s: float) -> _T:
    """Do the work, again and again while it fails for a reason that passes by itself.

    The work must be one transaction: what failed has left no trace. Waits double from
    50 ms to 1 s.

    Args:
        work: what to do; called at least once.
        patience_s: seconds after which no new attempt starts.

    Raises:
        ColdwireError: the last error, in words, with its fix.
    """
    give_up_at = time.monotonic() + patience_s
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return work()
        except DBAPIError as error:
            if not passes_by_itself(error) or time.monotonic() + wait_s > give_up_at:
                clear = explained(error)
                if clear is None:
                    raise
                raise clear from error
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
