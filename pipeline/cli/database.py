"""The ``--database`` option of commands that read the flag database."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.settings import load_settings
from pipeline.store import FlagDatabase

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; "
        "else that of COLDWIRE_DATABASE__URL or of the data directory.",
        show_default=False,
    ),
]


def open_for_reading(url: str | None) -> FlagDatabase:
    """Open the database that was named, else that of the settings, for reading only.

    Raises:
        ColdwireError: there is none, or it cannot be used.
    """
    return FlagDatabase.open_read_only(url or load_settings().database_url)
