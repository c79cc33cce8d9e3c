"""Fedwire's rules of release 2025 that a payment must meet beyond its types.

Source: the release's message schemas (go-live 14 July 2025): IMAD, local instruments,
amount digits; check digits of ABA routing numbers (in :mod:`schemas.payment`), of LEIs
and of IBANs (ISO 7064 mod 97-10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from schemas.payment import MessageType, Payment

DEFINITIONS = {
    MessageType.CUSTOMER: "pacs.008.001.08",
    MessageType.BANK: "pacs.009.001.08",
    MessageType.RETURN: "pacs.004.001.10",
}
"""Version of each message in the release."""

ROOTS = {
    MessageType.CUSTOMER: "FIToFICstmrCdtTrf",
    MessageType.BANK: "FICdtTrf",
    MessageType.RETURN: "PmtRtr",
}
"""Element that a ``Document`` of each message holds."""

LOCAL_INSTRUMENTS = {
    MessageType.CUSTOMER: ("CTRC", "CTRD", "CTRS"),
    MessageType.BANK: ("BTRC", "BTRD", "BTRS", "COVC", "COVS"),
}
"""Proprietary codes of ``LclInstrm`` by message; a return repeats the original's."""

CHARGE_BEARERS = ("DEBT", "CRED", "SHAR", "SLEV")

_IMAD = re.compile(r"[0-9]{8}[A-Z0-9]{8}[0-9]{6}")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_UNIT_SEQUENCE = slice(16, 22)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a payment breaks: the canonical field and what to change."""

    field: str
    hint: str


def is_imad(message_id: str) -> bool:
    """Tell whether an id is an input message accountability datum.

    That is the cycle date, the sender's 8-character endpoint and a number from 000001.
    """
    if _IMAD.fullmatch(message_id) is None:
        return False
    try:
        date.fromisoformat(message_id[:8])
    except ValueError:
        return False
    return int(message_id[_UNIT_SEQUENCE]) > 0


def has_valid_lei_digits(lei: str) -> bool:
    """Tell whether a legal entity identifier passes ISO 7064 mod 97-10 (letters A=10..Z=35)."""
    return _LEI.fullmatch(lei) is not None and _mod_97(lei) == 1


def is_iban(account: str) -> bool:
    """Tell whether an account is an IBAN: its form, and mod 97 after moving four to the end."""
    return _IBAN.fullmatch(account) is not None and _mod_97(account[4:] + account[:4]) == 1


def first_violation(payment: Payment) -> Violation | None:
    """Find the first rule that a payment breaks, whatever form it came in."""
    message = payment.transfer_type
    codes = LOCAL_INSTRUMENTS[message]
    if payment.local_instrument not in codes:
        words = f"a {message} carries one of {', '.join(codes)}"
        return Violation("local_instrument", words)
    for field in ("debtor_agent", "creditor_agent"):
        lei = getattr(payment, field).lei
        if lei is not None and not has_valid_lei_digits(lei):
            return Violation(f"{field}.lei", "the LEI's check digits are wrong: correct it")
    return None


def _mod_97(text: str) -> int:
    return int("".join(str(int(c, 36)) for c in text)) % 97
