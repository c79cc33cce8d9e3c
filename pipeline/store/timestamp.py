"""Points in time as columns: aware in Python, comparable in either database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


def to_text(moment: datetime) -> str:
    """Write a moment as UTC with microseconds, so that text order is time order.

    The form is the one SQLite's date functions read: ``2026-01-05T14:30:00.000000Z``.
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class UtcTime(TypeDecorator[datetime]):
    """``timestamptz`` on PostgreSQL, sortable ISO 8601 text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Choose the column type of the database at hand."""
        plain: TypeEngine[Any] = Text() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(plain)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | datetime | None:
        """Bring an aware moment to UTC.

        Raises:
            ValueError: the moment has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return to_text(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(
        self,
        value: str | datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Read a moment back, in UTC."""
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)
