"""Why an input was refused, in words that say what to change."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from schemas.dead_letter import Fault

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST_FIELD = 200
_OWN_WORDS = "Value error, "
_BAD_JSON = "Invalid JSON: "

_HINTS = {
    "account": "write the account number or IBAN as text of 1 to 34 characters",
    "alert_id": "give the id of the alert: 32 hexadecimal digits",
    "amount": 'write a positive amount of at most 14 digits, 2 of them decimals: "1250.00"',
    "analyst": "name the analyst in 1 to 64 characters",
    "case_id": "write the case id as text of 1 to 35 characters",
    "country": "write the ISO 3166 code: two capital letters, such as US",
    "created_at": "write the time with its zone, as text: 2026-01-05T14:30:00Z",
    "currency": 'only US dollars settle on Fedwire: write "USD"',
    "decided_at": "write the time with its zone, as text: 2026-01-05T14:30:00Z",
    "end_to_end_id": "write the reference as text of 1 to 35 characters",
    "entity": "write bank:<routing number> or party:<32 hexadecimal digits>",
    "lei": "write the legal entity identifier: 18 capital letters or digits and 2 check digits",
    "local_instrument": "give Fedwire's code of four capital letters, such as CTRC or BTRC",
    "message_id": "write the message id (on Fedwire the IMAD) as text of 1 to 35 characters",
    "message_type": "only pacs.008, pacs.009 and pacs.004 move money here: send one of them",
    "name": "write the name as text of 1 to 140 characters",
    "note": "shorten the note to 2000 characters of text",
    "purpose": "give ISO's purpose code of four capital letters or digits, or leave it out",
    "reason": "give ISO's reason code of four capital letters or digits, such as AC04",
    "record": 'write "disposition" or leave it out',
    "remark": "shorten the remark to 105 characters of text",
    "remittance": "shorten the remittance information to 140 characters of text",
    "returns": "name what a pacs.004 gives back: reason and original",
    "routing_number": "write the ABA routing number: nine digits, as text",
    "schema_version": "this service reads version 1 of the message",
    "settlement_date": "write the date as text: 2026-01-05",
    "uetr": "give the UETR: a lower-case version 4 UUID",
    "verdict": 'write "confirmed" or "cleared"',
}


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an accident
    """An input that is not a payment or disposition we can take.

    Args:
        fault: the class of the fault.
        field: path of the field at fault (dots in JSON, slashes in XML); empty for the whole.
        hint: what to change, in words. It never repeats a value of the input.
    """

    def __init__(self, fault: Fault, field: str, hint: str) -> None:
        super().__init__(fault, field, hint)
        self.fault = fault
        self.field = printable(field)
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{self.fault}: {where}{self.hint}"


def printable(field: str) -> str:
    """Cut a path and replace what cannot be shown or stored (it may hold a sender's key)."""
    shown = field[:_LONGEST_FIELD]
    return "".join(c if c.isprintable() else "?" for c in shown)


def hint_for(field: str) -> str:
    """Say what belongs in a canonical field, told by the last part of its path."""
    return _HINTS.get(field.rsplit(".", 1)[-1], "correct the value")


def refusal_of(error: ValidationError) -> Refusal:
    """Turn the first fault that pydantic found into a refusal."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = min(details, key=_rank)
    kind, message = first["type"], first["msg"]
    field = ".".join(str(part) for part in first["loc"])
    if kind == "json_invalid":
        return Refusal(Fault.NOT_JSON, "", f"write valid JSON: {message.removeprefix(_BAD_JSON)}")
    if kind == "model_type" and not field:
        return Refusal(Fault.UNKNOWN_MESSAGE, "", "send one JSON object a record")
    if kind == "missing":
        return Refusal(Fault.MISSING_FIELD, field, _hint_missing(field, details))
    if kind == "extra_forbidden":
        return Refusal(Fault.INVALID_FIELD, field, "no such field: remove it or correct its name")
    if kind == "value_error":
        return _own_refusal(field, message.removeprefix(_OWN_WORDS))
    if field in ("message_type", "schema_version"):
        return Refusal(Fault.UNKNOWN_MESSAGE, field, hint_for(field))
    if kind == "model_type":
        return Refusal(Fault.INVALID_FIELD, field, "write a JSON object here")
    return Refusal(Fault.INVALID_FIELD, field, hint_for(field))


def _rank(detail: ErrorDetails) -> int:
    """Put what makes the rest meaningless first: another kind of message, then its version."""
    known_badly = detail["loc"] in (("message_type",), ("schema_version",))
    return 0 if known_badly and detail["type"] != "missing" else 1


def _own_refusal(field: str, words: str) -> Refusal:
    """Read a message of our own validators; those of the whole model name the field first."""
    if field:
        return Refusal(Fault.INVALID_FIELD, field, words)
    name, _, rest = words.partition(" ")
    fault = Fault.MISSING_FIELD if rest.startswith("is missing") else Fault.INVALID_FIELD
    return Refusal(fault, name, rest)


def _hint_missing(field: str, details: Sequence[ErrorDetails]) -> str:
    parent, _, name = field.rpartition(".")
    loose = [
        str(detail["loc"][-1])
        for detail in details
        if detail["type"] == "extra_forbidden"
        and ".".join(str(part) for part in detail["loc"][:-1]) == parent
    ]
    near = difflib.get_close_matches(name, [key[:64] for key in loose[:50]], n=1)
    if near:
        return f"add the field ({printable(near[0])} may be a misspelling of it)"
    return f"add the field: {hint_for(name)}"
