"""A user's own CSV, described in YAML: which column is what.

::

    name: acme                 # goes before accounts and into ids
    delimiter: ";"
    fields:
      created_at: {column: Booked, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
      amount: {column: Amount, decimal: ",", thousands: "."}
      debtor_account: {column: From}
      creditor_account: {column: To}
      debtor_country: {value: US}
    truth:
      debtor_risky: {column: Fraud, risky: ["1"], clear: ["0"]}

Times may also be counted from a start: ``{column: Step, unit: days, start: 2026-01-05}``.
What a field leaves out is made up as :mod:`simulators.canonical` says. Every mistake is
reported with its line and column.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.wire import Timestamp


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file.

    Args:
        line: from 1.
        column: from 1; in a table the number of the cell.
        words: what is wrong and what to change.
        field: the field or column at fault, if it has a name.
    """

    line: int
    column: int
    words: str
    field: str = ""

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"line {self.line}, column {self.column}: {where}{self.words}"


class MappingError(Exception):
    """A mapping cannot be used.

    Args:
        problems: all that is wrong with it.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone: write one such as America/New_York") from None
    return name


def _midnight(value: Any) -> Any:
    """YAML reads a bare date as a date and a bare time as a naive one: both are UTC here."""
    text = value.isoformat() if hasattr(value, "isoformat") else value
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return f"{text}T00:00:00Z"
    naive = isinstance(value, datetime) and value.tzinfo is None
    return f"{text}Z" if naive else text


class TextField(_Part):
    """A text from a column, or the same one for every row."""

    column: str | None = None
    value: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column or value")
        return self


class AmountField(_Part):
    """An amount in dollars, with its decimal point and the mark between thousands."""

    column: str
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different marks")
        return self


class TimeField(_Part):
    """A time: ISO 8601, or by a format, or counted in units from a start."""

    column: str
    format: str | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    unit: Literal["seconds", "minutes", "hours", "days"] | None = None
    start: Timestamp | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_start(cls, data: Any) -> Any:
        if isinstance(data, dict) and "start" in data:
            return data | {"start": _midnight(data["start"])}
        return data

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.unit is None) != (self.start is None):
            raise ValueError("unit and start belong together: give both or neither")
        if self.unit is not None and self.format is not None:
            raise ValueError("give either format, or unit and start")
        return self


class LabelField(_Part):
    """A label: which texts of a column mean risky, which clear; others mean unknown."""

    column: str
    risky: tuple[str, ...] = Field(min_length=1)
    clear: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if set(self.risky) & set(self.clear):
            raise ValueError("a text cannot be both risky and clear")
        return self


class Fields(_Part):
    """What each canonical field is taken from."""

    created_at: TimeField
    amount: AmountField
    debtor_account: TextField
    creditor_account: TextField
    debtor_name: TextField | None = None
    creditor_name: TextField | None = None
    debtor_country: TextField | None = None
    creditor_country: TextField | None = None
    debtor_agent: TextField | None = None
    creditor_agent: TextField | None = None
    currency: TextField | None = None
    message_type: TextField | None = None
    local_instrument: TextField | None = None
    purpose: TextField | None = None
    end_to_end_id: TextField | None = None
    uetr: TextField | None = None


class TruthFields(_Part):
    """What is known to be true; it never becomes part of a payment."""

    debtor_risky: LabelField | None = None
    creditor_risky: LabelField | None = None
    typology: TextField | None = None


class FileMapping(_Part):
    """A whole mapping."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$")
    delimiter: Literal[",", ";", "\t", "|"] = ","
    fields: Fields
    truth: TruthFields = TruthFields()


@dataclass(frozen=True)
class ReadMapping:
    """A mapping and where each of its parts stands in the file."""

    mapping: FileMapping
    places: Places


def load_mapping(path: Path) -> ReadMapping:
    """Read a mapping.

    Raises:
        MappingError: with every mistake and its place in the file.
        OSError: the file cannot be read.
    """
    return parse_mapping(path.read_text("utf-8"))


def parse_mapping(text: str) -> ReadMapping:
    """Read a mapping from its text.

    Raises:
        MappingError: with every mistake and its place.
    """
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = f"no valid YAML: {error.problem}"
        raise MappingError([Problem(line, column, words)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise MappingError([Problem(1, 1, f"no valid YAML: {reason}")]) from None
    places = Places(root)
    try:
        return ReadMapping(FileMapping.model_validate(data), places)
    except ValidationError as error:
        found = [
            _problem(detail["type"], detail["msg"], detail["loc"], places)
            for detail in error.errors(include_url=False, include_input=False)
        ]
        raise MappingError(sorted(found, key=lambda p: (p.line, p.column))) from None


class Places:
    """Line and column of every part of a YAML document, by its path of keys."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._known: dict[tuple[str | int, ...], tuple[int, int]] = {(): (1, 1)}
        if root is not None:
            self._walk(root, (), frozenset())

    def of(self, path: tuple[str | int, ...]) -> tuple[int, int]:
        """Place of the part at a path, or of the nearest one around it."""
        while path not in self._known:
            path = path[:-1]
        return self._known[path]

    def _walk(self, node: yaml.Node, path: tuple[str | int, ...], around: frozenset[int]) -> None:
        if id(node) in around:
            return
        self._known.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        around |= {id(node)}
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                below = (*path, str(key.value))
                self._known[below] = (key.start_mark.line + 1, key.start_mark.column + 1)
                self._walk(value, below, around)
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                self._walk(value, (*path, number), around)


def _problem(kind: str, message: str, path: tuple[str | int, ...], places: Places) -> Problem:
    line, column = places.of(path)
    words = message.removeprefix("Value error, ")
    if kind == "missing":
        words = "missing: add it here"
    elif kind == "extra_forbidden":
        words = "no such key: remove it or correct its name"
    elif kind == "string_type":
        words = "write it as text, in quotation marks"
    elif kind == "model_type":
        words = "write keys and values here, such as {column: Amount}"
    return Problem(line, column, words, ".".join(str(part) for part in path))
