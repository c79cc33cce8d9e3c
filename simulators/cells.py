"""Readings of single cells: a text becomes a value, or words about what is wrong."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.payment import TRANSFERS, has_valid_check_digit
from simulators.codes import LOCAL_INSTRUMENTS
from simulators.mapping import AmountField, TimeField

Read = Callable[[str], Any]
"""Makes a value of a cell; raises ValueError with words about what is wrong."""

_MOST_CENTS: Final = 10**14 - 1
_FARTHEST_MS: Final = 253_402_300_799_000
_LONGEST: Final = {"account": 34, "name": 140, "end_to_end_id": 35}
_UETR: Final = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")
_CODES: Final = {
    "country": (re.compile(r"[A-Z]{2}"), "write two capital letters (ISO 3166)"),
    "local_instrument": (
        re.compile("|".join(LOCAL_INSTRUMENTS)),
        f"write one of {', '.join(LOCAL_INSTRUMENTS)}",
    ),
    "purpose": (re.compile(r"[A-Z0-9]{4}"), "write four capital letters or digits, or nothing"),
    "uetr": (_UETR, "write a lower-case version 4 UUID"),
    "currency": (re.compile(r"USD"), "only US dollars are taken: convert the amounts first"),
    "message_type": (
        re.compile("|".join(re.escape(message) for message in TRANSFERS)),
        f"write {' or '.join(TRANSFERS)}",
    ),
}


def amount_reader(field: AmountField) -> Read:
    """Read dollars into whole cents."""
    mark, between = re.escape(field.decimal), re.escape(field.thousands)
    digits = rf"\d{{1,3}}(?:{between}\d{{3}})+|\d+" if field.thousands else r"\d+"
    form = re.compile(rf"({digits})(?:{mark}(\d{{1,2}})0*)?", re.ASCII)

    def read(text: str) -> int:
        found = form.fullmatch(text)
        if found is None:
            example = f"1{field.thousands}250{field.decimal}75"
            raise ValueError(f"no amount: write it as {example}, without sign or currency")
        whole = found[1].replace(field.thousands, "") if field.thousands else found[1]
        cents = int(whole[:20]) * 100 + int((found[2] or "0").ljust(2, "0"))
        if cents > _MOST_CENTS or len(whole) > 20:
            raise ValueError("the amount has more than 14 digits")
        return cents

    return read


def time_reader(field: TimeField) -> Read:
    """Read a time into UTC epoch milliseconds."""
    zone = zoneinfo.ZoneInfo(field.zone)
    if field.unit is not None and field.start is not None:
        start, unit = field.start, timedelta(**{field.unit: 1})

        def read_step(text: str) -> int:
            if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", text, re.ASCII) is None:
                raise ValueError(f"no number of {field.unit}")
            try:
                return _epoch_ms(start + float(text) * unit)
            except OverflowError:
                raise ValueError("the time is too far away") from None

        return read_step

    def read(text: str) -> int:
        try:
            at = datetime.strptime(text, field.format) if field.format else _iso(text)
            return _epoch_ms(at if at.tzinfo else at.replace(tzinfo=zone))
        except (ValueError, OverflowError):
            form = field.format or "2026-01-05T14:30:00Z"
            raise ValueError(f"no time in the form {form}") from None

    return read


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _epoch_ms(at: datetime) -> int:
    ms = (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if not 0 <= ms <= _FARTHEST_MS:
        raise ValueError("the time is before 1970")
    return ms


def text_reader(target: str, name: str) -> Read:
    """Read a text field; an empty cell is null where the field may be left out."""
    kind = target.rpartition("_")[2]
    kind = kind if kind in ("account", "name", "country", "agent") else target

    def read(text: str) -> str | None:
        if "\x00" in text or "\ufffd" in text:
            raise ValueError("the text is not UTF-8, or holds a NUL")
        if text == "":
            if kind in ("currency", "message_type"):
                raise ValueError("empty: write the value, or take the field out of the mapping")
            return None
        if kind in _CODES:
            form, words = _CODES[kind]
            if form.fullmatch(text) is None:
                raise ValueError(words)
        if kind == "agent" and not (
            re.fullmatch(r"[0-9]{9}", text) and has_valid_check_digit(text)
        ):
            raise ValueError("no routing number: write nine digits with a valid check digit")
        whole = f"{name}-{text}" if kind == "account" else text
        longest = _LONGEST.get(kind)
        if longest is not None and len(whole) > longest:
            raise ValueError(f"longer than {longest} characters ({name!r} goes before accounts)")
        return whole

    return read
