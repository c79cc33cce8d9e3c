"""The one error that a user of Coldwire sees."""

from __future__ import annotations


class ColdwireError(Exception):
    """Something the user can put right.

    Args:
        message: what is wrong, in one line.
        fix: what to do about it, in one line.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} ({self.fix})"
