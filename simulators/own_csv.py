"""Reads a user's own CSV by its mapping; every bad cell is reported with its place."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from schemas.payment import MessageType
from simulators.canonical import ROWS, Foreign, foreign
from simulators.cells import Read, amount_reader, text_reader, time_reader
from simulators.codes import LOCAL_INSTRUMENTS
from simulators.mapping import (
    AmountField,
    LabelField,
    MappingError,
    Problem,
    ReadMapping,
    TextField,
    TimeField,
)

_FOR_CUSTOMERS = LOCAL_INSTRUMENTS[:3]


@dataclass(frozen=True)
class OwnCsv:
    """What was read, and what could not be.

    Attributes:
        data: the good rows.
        problems: every bad cell, in the order of the file.
        bad_rows: rows with at least one of them, which ``data`` lacks.
    """

    data: Foreign
    problems: list[Problem]
    bad_rows: int


@dataclass(frozen=True)
class _Cell:
    """Where a canonical column comes from: a cell of the row (None: no cell) and its reading."""

    target: str
    place: int | None
    read: Read
    constant: str = ""


def read_own_csv(path: Path, read_mapping: ReadMapping) -> OwnCsv:
    """Read a CSV with a header line.

    Args:
        path: UTF-8 text.
        read_mapping: which column is what.

    Raises:
        MappingError: the mapping names columns that the file lacks (places of the mapping).
        OSError: the file cannot be read.
    """
    mapping = read_mapping.mapping
    problems: list[Problem] = []
    values: dict[str, list[Any]] = {name: [] for name in ROWS}
    bad_rows = 0
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        lines = csv.reader(file, delimiter=mapping.delimiter, strict=True)
        records = _records(lines, problems)
        header = next(records, (1, []))[1]
        cells = _cells(read_mapping, header)
        for number, (line, record) in enumerate(records, start=1):
            found, row = _row(line, record, header, cells)
            if found:
                problems += found
                bad_rows += 1
                continue
            row["row"] = number
            for name, column in values.items():
                column.append(row.get(name))
    rows = pl.DataFrame(values, schema=ROWS)
    return OwnCsv(foreign(mapping.name, rows), problems, bad_rows)


def _records(lines: Any, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with its first line; a broken quotation ends the file."""
    line = 1
    while True:
        try:
            record = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(line, 1, f"no valid CSV: {error}"))
            return
        if record:
            yield line, record
        line = lines.line_num + 1


def _row(
    line: int, record: Sequence[str], header: Sequence[str], cells: Sequence[_Cell]
) -> tuple[list[Problem], dict[str, Any]]:
    if len(record) != len(header):
        words = f"{len(record)} cells, but the header has {len(header)}"
        return [Problem(line, min(len(record), len(header)) + 1, words)], {}
    problems, row = [], {}
    for cell in cells:
        text = cell.constant if cell.place is None else record[cell.place].strip()
        try:
            row[cell.target] = cell.read(text)
        except ValueError as error:
            place = cell.place or 0
            problems.append(Problem(line, place + 1, str(error), header[place]))
    return problems or _disagreements(line, row, cells), row


def _disagreements(line: int, row: dict[str, Any], cells: Sequence[_Cell]) -> list[Problem]:
    """Check cells against each other.

    A side without an account is a bank itself: only in a pacs.009 that names it. Each
    message has its own local instruments.
    """
    problems = []
    places = {cell.target: cell.place or 0 for cell in cells}
    message = row.get("message_type") or MessageType.CUSTOMER.value
    instrument = row.get("local_instrument")
    if instrument and (instrument in _FOR_CUSTOMERS) != (message == MessageType.CUSTOMER):
        words = f"{instrument} does not go with {message}"
        problems.append(Problem(line, places["local_instrument"] + 1, words, "local_instrument"))
    for side in ("debtor", "creditor"):
        if row[f"{side}_account"] is not None:
            continue
        bank = message == MessageType.BANK and row.get(f"{side}_agent")
        if bank and row.get(f"{side}_name"):
            continue
        words = "empty: give the account (only a pacs.009 with agent and name may lack it)"
        problems.append(Problem(line, places[f"{side}_account"] + 1, words, f"{side}_account"))
    return problems


def _cells(read_mapping: ReadMapping, header: Sequence[str]) -> list[_Cell]:
    """Bind the mapping to the file's header."""
    mapping, problems, cells = read_mapping.mapping, [], []
    names = [name.strip() for name in header]
    for group in ("fields", "truth"):
        for target in type(getattr(mapping, group)).model_fields:
            field = getattr(getattr(mapping, group), target)
            if field is None:
                continue
            place = None
            if field.column is not None:
                if field.column not in names:
                    at = read_mapping.places.of((group, target, "column"))
                    words = f"the file has no column {field.column!r}{_near(field.column, names)}"
                    problems.append(Problem(*at, words, f"{group}.{target}.column"))
                    continue
                place = names.index(field.column)
            cells.append(_bound(target, place, field, mapping.name))
            if place is None and (fault := _constant_fault(cells[-1])):
                at = read_mapping.places.of((group, target, "value"))
                problems.append(Problem(*at, fault, f"{group}.{target}.value"))
    if problems:
        raise MappingError(problems)
    return cells


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; is it {near[0]!r}?" if near else f"; it has: {', '.join(names[:20])}"


def _bound(target: str, place: int | None, field: Any, name: str) -> _Cell:
    if isinstance(field, TimeField):
        return _Cell("event_ms", place, time_reader(field))
    if isinstance(field, AmountField):
        return _Cell("cents", place, amount_reader(field))
    if isinstance(field, LabelField):
        labels = dict.fromkeys(field.clear, False) | dict.fromkeys(field.risky, True)
        return _Cell(target, place, labels.get)
    constant = field.value if isinstance(field, TextField) and field.value else ""
    return _Cell(target, place, text_reader(target, name), constant)


def _constant_fault(cell: _Cell) -> str | None:
    try:
        cell.read(cell.constant)
    except ValueError as error:
        return str(error)
    return None
