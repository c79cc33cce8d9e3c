"""A migrated flag database on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline.store import FlagDatabase


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'flags.db'}"
    url: str = request.getfixturevalue("fresh_postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "flags.db"
    with FlagDatabase.open(f"sqlite:///{file}") as made:
        made.migrate()
    return file


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """The name of a migrated PostgreSQL database, to be copied."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE migrated")
    with FlagDatabase.open(postgres_url.replace("/postgres?", "/migrated?")) as made:
        made.migrate()
    return "migrated"


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[FlagDatabase]:
    """A migrated, empty flag database."""
    if database_url.startswith("sqlite"):
        file: Path = request.getfixturevalue("migrated_file")
        shutil.copyfile(file, database_url.removeprefix("sqlite:///"))
    else:
        template: str = request.getfixturevalue("migrated_template")
        admin_url: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE flags")
            admin.execute(f"CREATE DATABASE flags TEMPLATE {template}".encode())
    with FlagDatabase.open(database_url, patience_s=5) as opened:
        yield opened
