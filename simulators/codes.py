"""Small tables that the ledger's integer columns point into."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from schemas.payment import MessageType

MESSAGE_TYPES: Final = (MessageType.CUSTOMER, MessageType.BANK, MessageType.RETURN)
CUSTOMER: Final = 0
BANK: Final = 1
RETURN: Final = 2

LOCAL_INSTRUMENTS: Final = ("CTRC", "CTRD", "CTRS", "BTRC", "BTRD", "BTRS", "COVC", "COVS")
"""Fedwire's proprietary local instruments, customer ones first."""

PURPOSES: Final = (
    "",
    "SALA",
    "SUPP",
    "GDDS",
    "SCVE",
    "RENT",
    "LOAN",
    "LOAR",
    "TAXS",
    "TREA",
    "INTC",
    "CASH",
    "SECU",
    "INVS",
    "CORT",
    "FREX",
    "REFU",
    "GIFT",
    "BEXP",
    "OTHR",
    "HLRP",
    "DIVD",
    "CCRD",
    "BONU",
    "FAND",
)
"""ISO 20022 external purpose codes; index 0 means that the payment names none."""

REASONS: Final = ("", "AC01", "AC03", "AC04", "AC06", "BE04", "MS03", "CUST", "FOCR")
"""ISO 20022 external return reasons; index 0 is that of a payment that is no return."""

COUNTRIES: Final = (
    ("US", 0.80),
    ("GB", 0.022),
    ("CA", 0.022),
    ("MX", 0.018),
    ("DE", 0.014),
    ("JP", 0.012),
    ("CN", 0.012),
    ("HK", 0.010),
    ("SG", 0.009),
    ("CH", 0.009),
    ("IN", 0.008),
    ("FR", 0.008),
    ("BR", 0.007),
    ("NL", 0.006),
    ("AE", 0.005),
    ("KR", 0.005),
    ("AU", 0.005),
    ("IE", 0.004),
    ("PH", 0.004),
    ("CO", 0.003),
    ("NG", 0.003),
    ("TR", 0.003),
    ("PA", 0.002),
    ("CY", 0.002),
    ("VN", 0.002),
    ("LT", 0.0015),
    ("SV", 0.0015),
    ("GT", 0.001),
    ("KE", 0.001),
)
"""ISO 3166 codes with their share of the parties."""


def instrument(name: str) -> int:
    """Index of a local instrument."""
    return LOCAL_INSTRUMENTS.index(name)


def purpose(name: str) -> int:
    """Index of a purpose code ('' for none)."""
    return PURPOSES.index(name)


class Kind(IntEnum):
    """What a party is."""

    PERSON = 0
    FIRM = 1
    FUND = 2
    ACQUIRER = 3
    REMITTER = 4
    EXCHANGE = 5
    GOVERNMENT = 6
    CORRESPONDENT = 7
    PROPERTY = 8
    LENDER = 9


KIND_SHARES: Final = (0.50, 0.385, 0.03, 0.003, 0.004, 0.002, 0.001, 0.02, 0.04, 0.015)
"""Share of the parties per :class:`Kind`, in its order."""
