"""Returns, requests for them, and broadcasts: their rules, and the way to XML and back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ColdwireError
from pipeline.iso20022 import (
    read_broadcast,
    read_document,
    read_message,
    read_return_request,
    write_broadcast,
    write_document,
    write_message,
    write_return_request,
)
from pipeline.refusal import Refusal
from schemas.broadcast import Broadcast, SystemEvent
from schemas.dead_letter import Fault
from schemas.ids import return_uetr
from schemas.payment import OriginalPayment, Participant, Payment
from schemas.return_request import ReturnRequest
from tests.iso20022.payments import UETR, bank_payment, customer_payment, return_of, transfers

_reasons = st.from_regex(r"[A-Z0-9]{4}", fullmatch=True)
_remarks = st.none() | st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]),
    min_size=1,
    max_size=105,
)


def _request_for(
    payment: Payment, reason: str = "FRAD", remark: str | None = None
) -> ReturnRequest:
    return ReturnRequest(
        message_id=f"{payment.message_id[:8]}ASKERASK000001",
        created_at=payment.created_at + timedelta(hours=1),
        case_id="CASE-1",
        assigner=payment.debtor_agent,
        assignee=Participant(routing_number=payment.creditor_agent.routing_number),
        reason=reason,
        remark=remark,
        original=OriginalPayment.of(payment),
    )


def _broadcast() -> Broadcast:
    return Broadcast(
        event=SystemEvent.EXTENDED,
        cycle_date=date(2026, 1, 5),
        text="open until 19:30",
        event_at=datetime(2026, 1, 5, 23, 0, tzinfo=UTC),
    )


@given(transfers(), _reasons, _remarks)
@settings(max_examples=80, deadline=None)
def test_a_request_survives(payment: Payment, reason: str, remark: str | None) -> None:
    request = _request_for(payment, reason, remark)
    assert read_return_request(write_return_request(request)) == request


@given(
    st.builds(
        Broadcast,
        event=st.sampled_from(SystemEvent),
        cycle_date=st.dates(date(2025, 7, 14), date(2035, 1, 1)),
        text=_remarks,
        event_at=st.datetimes(datetime(2025, 7, 14), datetime(2035, 1, 1), timezones=st.just(UTC)),
    )
)
@settings(max_examples=60, deadline=None)
def test_a_broadcast_survives(broadcast: Broadcast) -> None:
    assert read_broadcast(write_broadcast(broadcast)) == broadcast


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "1250.76"}, "at most what was paid"),
        ({"returns": None}, "names what it gives back"),
        ({"message_type": "pacs.008"}, "belongs to a pacs.004"),
        ({"end_to_end_id": "INV-2026-2"}, "repeat that"),
        ({"uetr": UETR}, "one of its own"),
        ({"purpose": "SUPP"}, "in the original only"),
        ({"remittance": "sorry"}, "in the original only"),
        ({"debtor": {"name": "Birch LLC"}}, "needs both accounts"),
    ],
)
def test_a_return_agrees_with_what_it_gives_back(change: dict[str, object], words: str) -> None:
    fields = dict(return_of(customer_payment()))
    with pytest.raises(ValueError, match=words):
        Payment(**fields | change)


def test_a_part_may_be_returned() -> None:
    fields = dict(return_of(customer_payment()))
    assert Payment(**fields | {"amount": "0.01"}).amount == Decimal("0.01")


def test_a_return_of_a_bank_needs_no_account() -> None:
    assert return_of(bank_payment()).debtor.account is None


def test_two_returns_of_one_payment_are_two_records() -> None:
    first, second = (return_uetr(UETR, f"20260105RETURNER00000{n}") for n in (1, 2))
    assert len({first, second, UETR}) == 3
    assert uuid.UUID(first).version == 4


@pytest.mark.parametrize(
    ("write", "change"),
    [
        (write_document, {"message_id": "M-1"}),
        (write_document, {"local_instrument": "BTRC"}),
        (write_return_request, {"message_id": "M-1"}),
        (write_return_request, {"case_id": "\x02"}),
    ],
)
def test_what_fedwire_would_refuse_is_not_written(
    write: Callable[[Any], bytes], change: dict[str, str]
) -> None:
    make = return_of if write is write_document else _request_for
    with pytest.raises(ColdwireError):
        write(make(customer_payment()).model_copy(update=change))


_READ: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "pacs.008": (read_document, write_document(customer_payment())),
    "pacs.004": (read_document, write_document(return_of(customer_payment()))),
    "pacs.004 of a bank": (read_document, write_document(return_of(bank_payment()))),
    "camt.056": (read_return_request, write_return_request(_request_for(customer_payment()))),
    "admi.004": (read_broadcast, write_broadcast(_broadcast())),
}


@pytest.mark.parametrize("reader", _READ)
@pytest.mark.parametrize("written", _READ)
def test_a_reader_takes_its_own_message_only(reader: str, written: str) -> None:
    read = _READ[reader][0]
    value = _READ[written][1]
    if read is _READ[written][0]:
        assert read(value)
    else:
        with pytest.raises(Refusal) as caught:
            read(value)
        assert caught.value.fault is Fault.UNKNOWN_MESSAGE


@pytest.mark.parametrize("name", _READ)
def test_any_message_is_read_and_written_by_its_own_rules(name: str) -> None:
    read, value = _READ[name]
    assert read_message(value) == read(value)
    assert write_message(read_message(value)) == value


@pytest.mark.parametrize(
    ("name", "old", "new", "field"),
    [
        ("pacs.004", 'Ccy="USD">1250.75</RtrdI', 'Ccy="EUR">1250.75</RtrdI', "@Ccy"),
        ("pacs.004", "<OrgnlMsgNmId>pacs.008.001.08", "<OrgnlMsgNmId>pacs.002.001.10", "NmId"),
        ("pacs.004", "<Cd>AC04</Cd>", "<Cd>bad</Cd>", "PmtRtr/TxInf/RtrRsnInf/Rsn/Cd"),
        ("pacs.004", "<Prtry>CTRC", "<Prtry>BTRC", "Prtry"),
        ("pacs.004", "<OrgnlUETR>0", "<OrgnlUETR>X", "TxInf/OrgnlUETR"),
        ("camt.056", "ASKERASK000001", "ASKERASK000000", "Assgnmt/Id"),
        ("camt.056", "<Id>CASE-1</Id>", "", "Case/Id"),
        ("camt.056", "<Assgne>", "<Assgn>", ""),
        ("admi.004", "<EvtCd>EXTN", "<EvtCd>PING", "EvtCd"),
        ("admi.004", "<EvtParam>2026", "<EvtParam>26", "EvtParam"),
    ],
)
def test_a_broken_rule_is_refused(name: str, old: str, new: str, field: str) -> None:
    read, value = _READ[name]
    assert old.encode() in value
    with pytest.raises(Refusal) as caught:
        read(value.replace(old.encode(), new.encode(), 1))
    assert caught.value.field.endswith(field)


@given(
    st.sampled_from(sorted(_READ)),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 8),
    st.binary(max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_changed_bytes_are_read_or_refused(name: str, place: float, cut: int, new: bytes) -> None:
    read, value = _READ[name]
    at = int(place * len(value))
    try:
        result = read(value[:at] + new + value[at + cut :])
    except Refusal:
        return
    assert result is not None
