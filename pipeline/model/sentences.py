"""An event in words, for a language model that was trained on text.

A sentence holds the fields of :data:`TOLD` and nothing else: no id, no exact sum, no exact
time. Each of those fields can be read back from it. Relations that are missing are not
mentioned, so the first sentence of an account is short.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.encoding.codes import MESSAGE_TYPES, PURPOSES, REGIONS
from pipeline.encoding.fields import FIELDS, Field

OPENING: Final = "Payments of one account."
"""What stands before the first sentence."""

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ROLES: Final = ("pays", "receives")
_MESSAGES: Final = {"pacs.008": "", "pacs.009": "bank", "pacs.004": "return"}
_PURPOSES: Final = {
    "": "",
    "SALA": "salary",
    "PENS": "pension",
    "BONU": "bonus",
    "SUPP": "supplier",
    "GDDS": "goods",
    "SCVE": "services",
    "TRAD": "trade",
    "TAXS": "tax",
    "GOVT": "government",
    "VATX": "sales tax",
    "LOAN": "loan",
    "INTE": "interest",
    "DIVI": "dividends",
    "INVS": "investment",
    "SECU": "securities",
    "HEDG": "hedging",
    "FREX": "currency",
    "TREA": "treasury",
    "INTC": "company",
    "CASH": "cash",
    "CORT": "settlement",
    "MSVC": "mixed services",
    "CHAR": "charity",
    "GIFT": "gift",
    "FAMI": "family",
    "EDUC": "education",
    "MDCS": "medical",
    "RENT": "rent",
    "UTIL": "utilities",
    "INSU": "insurance",
    "PROP": "property",
    "MERC": "merchant",
    "CCRD": "card",
    "FEES": "fees",
    "COMM": "commission",
    "REFU": "refund",
    "OTHR": "other",
}

_NUMBERS: Final = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
"""Words, since figures cost a tokenizer more."""
_HOME: Final = "north_america"
_UNITS: Final = (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0))
_THOUSANDS: Final = (("B", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))


@dataclass(frozen=True, slots=True)
class _Phrase:
    """How one field is told: the words of each of its codes."""

    field: int
    words: tuple[str, ...]


def sentence(codes: Sequence[int]) -> str:
    """The event with these field codes, [F], as one short English sentence."""
    return "".join(phrase.words[codes[phrase.field]] for phrase in _PHRASES) + "."


def _find(name: str) -> tuple[int, Field]:
    return next((i, f) for i, f in enumerate(FIELDS) if f.name == name)


def _named(name: str, names: Sequence[str], form: str = " {}") -> _Phrase:
    """A phrase for each name of a categorical field; an empty name is passed over."""
    return _Phrase(_find(name)[0], tuple(form.format(n) if n else "" for n in names))


def _measured(
    name: str, figure: Callable[[float], str], form: str, silent: int = 0, lowest: str = ""
) -> _Phrase:
    """A phrase for each bin of a field, with the bin's lower edge as figure.

    Args:
        name: of a binned field.
        figure: an edge as text.
        form: the phrase around the figure.
        silent: the code that needs no words.
        lowest: the whole phrase of the bin below the first edge; "<" and the edge if empty.
    """
    index, field = _find(name)
    edges = [figure(edge) for edge in field.edges]
    words = [form.format("?"), lowest or form.format(f"<{edges[0]}"), *map(form.format, edges)]
    words[silent] = ""
    return _Phrase(index, tuple(words))


def _clock(edge: float) -> str:
    return f"{edge:g}h"


def _scaled(value: float, units: tuple[tuple[str, float], ...]) -> str:
    unit, size = next((u for u in units if value >= 0.999 * u[1]), units[-1])
    return f"{value / size:.2g}{unit}" if value < 99 * size else f"{value / size:.0f}{unit}"


def _money(edge: float) -> str:
    return _scaled(math.exp(edge), _THOUSANDS)


def _span(edge: float) -> str:
    return _scaled(math.exp(edge), _UNITS)


def _ratio(edge: float) -> str:
    value = math.exp(edge)
    return f"{value:.0f}x" if value > 1.9 else f"{value:.0%}"


def _share(edge: float) -> str:
    return f"{edge * 100:g}%"


def _count(edge: float) -> str:
    return _NUMBERS[math.ceil(edge)]


_PHRASES: Final = (
    _named("weekday", _WEEKDAYS),
    _measured("hour", _clock, " {}", lowest=" 0h"),
    _named("role", _ROLES),
    _measured("log_amount", _money, " ${}"),
    _named("message_type", [_MESSAGES.get(m, m) for m in MESSAGE_TYPES]),
    _named("purpose", [_PURPOSES.get(p, p) for p in PURPOSES]),
    _named("other_region", ["" if r == _HOME else r.replace("_", " ") for r in REGIONS]),
    _measured("below_threshold", _share, " limit {}", silent=-1),
    _measured("gap", _span, " +{}"),
    _measured("amount_vs_max", _ratio, " {} peak"),
    _measured("mirror_best", _share, " mirror {}"),
    _measured("counterparty_count", _count, " partner {}", lowest=" new partner"),
    _measured("corridor_count", _count, " country {}", lowest=" new country"),
    _measured("burst", _count, " {} today", lowest=" no today"),
)

TOLD: Final = tuple(FIELDS[phrase.field].name for phrase in _PHRASES)
"""Names of the fields that a sentence tells."""
