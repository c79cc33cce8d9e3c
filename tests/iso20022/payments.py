"""Payments for tests: one of each message, and a strategy for all that Fedwire allows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from pipeline.iso20022.rules import LOCAL_INSTRUMENTS
from schemas.ids import return_uetr
from schemas.payment import (
    TRANSFERS,
    MessageType,
    OriginalPayment,
    Participant,
    Party,
    Payment,
    Return,
)

EAST = "021000021"
WEST = "121000358"
LEI = "5493001KJTIIGC8Y1R12"
UETR = "0b6e7f3a-93a1-4c58-9a0e-2b7f6d1c8e55"
CREATED = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
ARRIVED = CREATED + timedelta(seconds=2)


def customer_payment() -> Payment:
    """A pacs.008 with all that a canonical payment can hold."""
    return Payment(
        message_type=MessageType.CUSTOMER,
        message_id="20260105ABCD1234000017",
        end_to_end_id="INV-2026-1",
        uetr=UETR,
        created_at=CREATED,
        settlement_date=date(2026, 1, 5),
        amount=Decimal("1250.75"),
        local_instrument="CTRC",
        purpose="SUPP",
        debtor=Party(name="Alder & Sons", account="GB82WEST12345698765432", country="GB"),
        debtor_agent=Participant(routing_number=EAST, name="Eastern Bank", lei=LEI),
        creditor=Party(name="Birch LLC", account="000123456789", country="US"),
        creditor_agent=Participant(routing_number=WEST, name="Western Bank"),
        remittance="invoice 1 <of> 2",
    )


def bank_payment() -> Payment:
    """A pacs.009 with as little as it may hold."""
    return Payment(
        message_type=MessageType.BANK,
        message_id="20260105ABCD1234000018",
        uetr=UETR,
        created_at=CREATED,
        settlement_date=date(2026, 1, 5),
        amount=Decimal("25000000"),
        local_instrument="BTRC",
        debtor=Party(name="Eastern Bank"),
        debtor_agent=Participant(routing_number=EAST),
        creditor=Party(name="Western Bank"),
        creditor_agent=Participant(routing_number=WEST),
    )


def return_of(payment: Payment, reason: str = "AC04", remark: str | None = None) -> Payment:
    """Give a payment back three hours later."""
    message_id = f"{payment.message_id[:8]}RETURNER000001"
    return Payment(
        message_type=MessageType.RETURN,
        message_id=message_id,
        end_to_end_id=payment.end_to_end_id,
        uetr=return_uetr(payment.uetr, message_id),
        created_at=payment.created_at + timedelta(hours=3),
        settlement_date=payment.settlement_date,
        amount=payment.amount,
        local_instrument=payment.local_instrument,
        debtor=payment.creditor,
        debtor_agent=payment.creditor_agent,
        creditor=payment.debtor,
        creditor_agent=payment.debtor_agent,
        returns=Return(reason=reason, remark=remark, original=OriginalPayment.of(payment)),
    )


def with_check_digit(eight: str) -> str:
    """Complete eight digits to a routing number (weights 3, 7, 1)."""
    total = sum(w * int(d) for w, d in zip((3, 7, 1, 3, 7, 1, 3, 7), eight, strict=True))
    return f"{eight}{-total % 10}"


_capitals = st.characters(min_codepoint=65, max_codepoint=90)
_characters = st.sampled_from("\t\n\r &<>\"'") | st.characters(
    blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"
)
"""What XML 1.0 can carry."""


def _text(longest: int) -> st.SearchStrategy[str]:
    return st.text(_characters, min_size=1, max_size=longest)


def _trimmed(longest: int) -> st.SearchStrategy[str]:
    return _text(longest).map(str.strip).filter(bool)


routing_numbers = st.from_regex(r"[0-9]{8}", fullmatch=True).map(with_check_digit)
participants = st.builds(
    Participant,
    routing_number=routing_numbers,
    name=st.none() | _text(140),
    lei=st.sampled_from([None, LEI, "7H6GLXDRUGQFU57RNE97"]),
)
_countries = st.none() | st.text(_capitals, min_size=2, max_size=2)
_accounts = _text(34) | st.just("GB82WEST12345698765432")
customers = st.builds(Party, name=_text(140), account=_accounts, country=_countries)
banks = st.builds(Party, name=_text(140), account=st.none() | _accounts, country=_countries)
_zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
_cycle_dates = st.dates(date(2025, 7, 14), date(2035, 1, 1))


@st.composite
def transfers(draw: st.DrawFn) -> Payment:
    """Any pacs.008 or pacs.009 that release 2025 allows."""
    message = draw(st.sampled_from(TRANSFERS))
    parties = customers if message is MessageType.CUSTOMER else banks
    sender, receiver = draw(
        st.lists(participants, min_size=2, max_size=2, unique_by=lambda p: p.routing_number)
    )
    day = draw(_cycle_dates)
    endpoint = draw(st.from_regex(r"[A-Z0-9]{8}", fullmatch=True))
    created = draw(
        st.datetimes(
            datetime(day.year, day.month, day.day),
            datetime(day.year, day.month, day.day, 23, 59, 59, 999_999),
            timezones=_zones,
        )
    )
    return Payment(
        message_type=message,
        message_id=f"{day:%Y%m%d}{endpoint}{draw(st.integers(1, 999_999)):06}",
        end_to_end_id=draw(_trimmed(35)),
        uetr=str(draw(st.uuids(version=4))),
        created_at=created,
        settlement_date=day,
        amount=draw(st.decimals(Decimal("0.01"), Decimal("999999999999.99"), places=2)),
        local_instrument=draw(st.sampled_from(LOCAL_INSTRUMENTS[message])),
        purpose=draw(st.none() | st.text(_capitals, min_size=4, max_size=4)),
        debtor=draw(parties),
        debtor_agent=sender,
        creditor=draw(parties),
        creditor_agent=receiver,
        remittance=draw(st.none() | _text(140)),
    )


def returns() -> st.SearchStrategy[Payment]:
    """Any pacs.004 for them."""
    reasons = st.from_regex(r"[A-Z0-9]{4}", fullmatch=True)
    return st.builds(return_of, transfers(), reasons, st.none() | _text(105))


def payments() -> st.SearchStrategy[Payment]:
    """Any payment that moves money."""
    return transfers() | returns()
