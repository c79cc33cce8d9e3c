"""Opening, migrating and sharing the flag database, and saying what is wrong with it."""

from __future__ import annotations

import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, func, inspect, select, text

from pipeline.errors import ColdwireError
from pipeline.store import FlagDatabase, tables
from pipeline.store.database import alembic_config
from pipeline.store.views import VIEWS, views_digest
from tests.store import messages as m


def _count(database: FlagDatabase) -> int:
    return database.read(lambda c: c.scalar(select(func.count()).select_from(tables.scores)) or 0)


def test_migrated_schema_is_the_one_the_tables_describe(database: FlagDatabase) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrating_twice_keeps_the_rows(database: FlagDatabase) -> None:
    database.write([m.score(1)])
    database.migrate()
    database.check()
    assert _count(database) == 1


def test_workers_that_start_together_all_find_a_migrated_database(database_url: str) -> None:
    def start(n: int) -> int:
        with FlagDatabase.open(database_url) as database:
            database.migrate()
            return database.write([m.score(n)]).total

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(start, range(4))) == [1, 1, 1, 1]


def test_newest_version_records_the_views_as_they_are() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    head = script.get_revision(script.get_current_head() or "")
    assert views_digest() == head.module.VIEWS_DIGEST, (
        "a view changed: add a version (it may be empty) that records the new digest"
    )


def test_every_documented_view_has_exactly_its_documented_columns(database: FlagDatabase) -> None:
    with database.reading() as connection:
        for view in VIEWS:
            found = [c["name"] for c in inspect(connection).get_columns(view.name)]
            assert found == list(view.columns), view.name
            connection.execute(text(f"SELECT * FROM {view.name}")).all()


def test_database_without_tables_says_how_to_make_them(database_url: str) -> None:
    with FlagDatabase.open(database_url) as database, pytest.raises(ColdwireError) as error:
        database.write([m.score(1)])
    assert "no tables yet" in error.value.message
    assert "coldwire up" in error.value.fix


@pytest.mark.parametrize("work", ["migrate", "check"])
def test_newer_schema_is_refused_with_the_fix(database: FlagDatabase, work: str) -> None:
    with database._writing.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ColdwireError) as error:
        getattr(database, work)()
    assert "9999" in error.value.message
    assert "upgrade" in error.value.fix


def test_lock_that_is_released_in_time_only_delays_the_write(tmp_path: Path) -> None:
    file = tmp_path / "flags.db"
    with FlagDatabase.open(f"sqlite:///{file}", patience_s=30) as database:
        database.migrate()
        holder = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        release = threading.Timer(1.5, holder.execute, ("ROLLBACK",))
        release.start()
        assert database.write([m.score(1)]).total == 1
        release.join()
        holder.close()


def test_database_that_stays_locked_is_reported_with_the_fix(tmp_path: Path) -> None:
    file = tmp_path / "flags.db"
    with FlagDatabase.open(f"sqlite:///{file}", patience_s=0.2) as database:
        database.migrate()
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ColdwireError) as error:
            database.write([m.score(1)])
        holder.close()
        assert "locked" in error.value.message
        assert "close the program" in error.value.fix
        assert database.write([m.score(1)]).total == 1


def test_reader_sees_whole_batches_while_a_writer_writes(database: FlagDatabase) -> None:
    size, done = 25, threading.Event()

    def write() -> None:
        for n in range(40):
            database.write([m.score(n * size + i) for i in range(size)])
        done.set()

    seen = []
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not done.is_set() and not writing.done():
            with database.reading() as connection:
                query = select(func.count()).select_from(tables.scores)
                first, second = connection.scalar(query), connection.scalar(query)
            assert first == second, "a read transaction is one snapshot"
            seen.append(int(first or 0))
        writing.result()
    assert all(count % size == 0 for count in seen)
    assert seen == sorted(seen)
    assert _count(database) == 40 * size


def test_read_only_database_cannot_be_written(database: FlagDatabase, database_url: str) -> None:
    database.write([m.score(1)])
    with (
        FlagDatabase.open_read_only(database_url) as reader,
        pytest.raises(ColdwireError, match="cannot be written"),
    ):
        reader.write([m.score(2)])
    assert _count(database) == 1


def test_absent_sqlite_file_is_not_made_by_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "flags.db"
    with pytest.raises(ColdwireError, match="no flag database at"):
        FlagDatabase.open_read_only(f"sqlite:///{file}")
    assert not file.exists()


def test_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    file = tmp_path / "flags.db"
    file.write_bytes(b"once upon a time" * 100)
    with (
        FlagDatabase.open(f"sqlite:///{file}", patience_s=0.1) as database,
        pytest.raises(ColdwireError, match="no SQLite database"),
    ):
        database.migrate()


def test_server_that_is_away_is_reported_with_the_fix() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql://flags:secret@127.0.0.1:{port}/flags"
        with (
            FlagDatabase.open(url, patience_s=0.1) as database,
            pytest.raises(ColdwireError) as error,
        ):
            database.migrate()
    assert "PostgreSQL does not answer" in error.value.message
    assert "secret" not in str(error.value)


@pytest.mark.postgres
def test_unknown_postgres_database_is_reported_with_the_fix(postgres_url: str) -> None:
    url = postgres_url.replace("/postgres?", "/nowhere?")
    with (
        FlagDatabase.open(url, patience_s=0.1) as database,
        pytest.raises(ColdwireError, match="nowhere") as error,
    ):
        database.check()
    assert "COLDWIRE_DATABASE__URL" in error.value.fix


@pytest.mark.postgres
def test_write_survives_that_the_server_closes_its_connections(
    postgres_url: str, fresh_postgres_url: str
) -> None:
    with FlagDatabase.open(fresh_postgres_url) as database:
        database.migrate()
        database.write([m.score(1)])
        with FlagDatabase.open(postgres_url)._engine.connect() as admin:
            admin.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='flags'")
            )
        assert database.write([m.score(2)]).total == 1
        assert _count(database) == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("flags.db", "no database URL"),
        ("mysql://host/flags", "mysql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_unusable_url_is_refused_with_an_example(url: str, message: str) -> None:
    with pytest.raises(ColdwireError, match=message) as error:
        FlagDatabase.open(url)
    assert "sqlite:///" in error.value.fix


def test_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "100 %" / "flags.db"
    with FlagDatabase.open(f"sqlite:///{file}") as database:
        database.migrate()
    assert file.is_file()


@pytest.mark.parametrize("name", ["100 %.db", "a?b.db", "a#b.db", "ä:b.db"])
def test_odd_file_names_open_for_reading_too(tmp_path: Path, name: str) -> None:
    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    with FlagDatabase.open(url) as database:
        database.migrate()
        database.write([m.score(1)])
    with FlagDatabase.open_read_only(url) as reader:
        assert _count(reader) == 1
    assert {path.name.removesuffix("-shm").removesuffix("-wal") for path in tmp_path.iterdir()} == {
        name
    }
