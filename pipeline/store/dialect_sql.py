"""The few expressions that the two databases spell differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DialectSql:
    """SQL fragments of one database.

    Attributes:
        name: ``sqlite`` or ``postgresql``.
    """

    name: str

    @property
    def _is_sqlite(self) -> bool:
        return self.name == "sqlite"

    def day(self, column: str) -> str:
        """The UTC day of a time, as ``2026-01-05``."""
        if self._is_sqlite:
            return f"substr({column}, 1, 10)"
        return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    def milliseconds(self, start: str, end: str) -> str:
        """Milliseconds between two times; SQLite resolves one millisecond."""
        if self._is_sqlite:
            return f"round((julianday({end}) - julianday({start})) * 86400000.0)"
        return f"(extract(epoch FROM {end} - {start}) * 1000.0)::double precision"

    def literal(self, statement: str) -> str:
        """Keep per cent signs from being read as placeholders by the driver."""
        return statement if self._is_sqlite else statement.replace("%", "%%")
