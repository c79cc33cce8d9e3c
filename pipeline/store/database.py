"""The flag database: open it, bring its schema up to date, write and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import ColdwireError
from pipeline.store.engine import WRITES, open_engine, parse_url
from pipeline.store.faults import explained, with_patience
from pipeline.store.views import create_views, drop_views
from pipeline.store.writer import Written, insert_batch
from schemas.wire import Wire

_T = TypeVar("_T")

# Any fixed number: workers that start together migrate one after the other.
_MIGRATION_LOCK: Final = 0x636F6C64


def alembic_config() -> Config:
    """The migrations that lie in this package, wherever it is installed."""
    folder = Path(__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


class FlagDatabase:
    """Everything that Coldwire found out, on SQLite or PostgreSQL.

    The interface is synchronous; a worker calls it from one executor thread, and several
    threads or processes may read while one writes.
    """

    def __init__(self, engine: Engine, patience_s: float) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{WRITES: True})
        self._patience_s = patience_s
        self._checked = False

    @classmethod
    def open(cls, url: str, *, patience_s: float = 30.0) -> Self:
        """Open a database for reading and writing; a SQLite file is made if absent.

        Args:
            url: ``sqlite:///path`` or ``postgresql://user:password@host/name``.
            patience_s: how long to wait for a lock or an absent server.

        Raises:
            ColdwireError: the URL cannot be used.
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            Path(str(parsed.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
        return cls(open_engine(parsed, read_only=False), patience_s)

    @classmethod
    def open_read_only(cls, url: str, *, patience_s: float = 5.0) -> Self:
        """Open an existing database so that nothing can be changed through it.

        Raises:
            ColdwireError: the URL cannot be used, or there is no such SQLite file.
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
            raise ColdwireError(
                f"there is no flag database at {parsed.database}",
                "start `coldwire up` first, or name another one with --database",
            )
        return cls(open_engine(parsed, read_only=True), patience_s)

    @property
    def backend(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    def close(self) -> None:
        """Close all connections; the last one on SQLite folds the log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def migrate(self) -> None:
        """Bring the schema to this version, in one transaction; safe to call at any start.

        Raises:
            ColdwireError: a newer Coldwire wrote the database, or it cannot be reached.
        """
        with_patience(self._migrate_once, self._patience_s)

    def _migrate_once(self) -> None:
        script = ScriptDirectory.from_config(alembic_config())
        with self._writing.begin() as connection:
            if self.backend == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
            present = _revision(connection)
            if present == script.get_current_head():
                return
            _refuse_unknown(present, script)
            drop_views(connection)
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            create_views(connection)

    def check(self) -> None:
        """Make sure that the schema is the one this version works with.

        Raises:
            ColdwireError: it is absent, older or newer; the fix says what to do.
        """
        with_patience(self._check_once, self._patience_s)

    def _check_once(self) -> None:
        script = ScriptDirectory.from_config(alembic_config())
        with self._engine.connect() as connection:
            present = _revision(connection)
        if present is None:
            raise ColdwireError(
                "the flag database has no tables yet", "start `coldwire up` once: it makes them"
            )
        _refuse_unknown(present, script)
        if present != script.get_current_head():
            raise ColdwireError(
                f"the flag database has the older schema {present}",
                "stop the workers and start `coldwire up` once: it migrates the database",
            )
        self._checked = True

    def write(self, batch: Sequence[Wire]) -> Written:
        """Store a batch in one transaction; the first writer of an id wins.

        Waits for a lock or a lost server with growing pauses. A batch whose commit was
        lost on the way back is written again and then counts as repeats.

        Args:
            batch: scores, alerts, flags, exposures, dispositions, dead letters, mixed.

        Raises:
            ColdwireError: the database stayed locked or away, or its schema is another.
            TypeError: the batch holds something else.
        """
        if not self._checked:
            self.check()

        def once() -> Written:
            with self._writing.begin() as connection:
                return insert_batch(connection, batch)

        return with_patience(once, self._patience_s)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in one read transaction: a snapshot while others write.

        Raises:
            ColdwireError: the database is away or its schema is another.
        """
        if not self._checked:
            self.check()
        try:
            with self._engine.connect() as connection, connection.begin():
                if self.backend == "postgresql":
                    connection.execute(
                        text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    )
                yield connection
        except DBAPIError as error:
            clear = explained(error)
            if clear is None:
                raise
            raise clear from error

    def read(self, question: Callable[[Connection], _T]) -> _T:
        """Answer a question of :mod:`pipeline.store.queries` in one read transaction."""
        with self.reading() as connection:
            return question(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(present: str | None, script: ScriptDirectory) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if present is not None and present not in known:
        raise ColdwireError(
            f"the flag database has schema {present}, which this version does not know",
            "a newer Coldwire wrote it: upgrade this one, or name another database",
        )
