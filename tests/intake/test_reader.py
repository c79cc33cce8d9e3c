"""Every kind of bad input is refused with its field and a way out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pipeline.intake import Intake, Limits, Pseudonyms, Refusal
from pipeline.iso20022 import write_document
from pipeline.settings import Settings
from schemas.dead_letter import Fault
from schemas.payment import Participant, Party
from schemas.records import Verdict
from tests.iso20022.payments import ARRIVED, CREATED, EAST, UETR, bank_payment, customer_payment

_NAMES = Pseudonyms(b"0123456789abcdef")
_INTAKE = Intake(_NAMES)


def _json(**changes: Any) -> bytes:
    """The customer payment with fields set, or taken out by None."""
    fields = json.loads(customer_payment().to_bytes()) | changes
    return json.dumps({k: v for k, v in fields.items() if v is not None}).encode()


def _refused(value: bytes, content_type: str | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        _INTAKE.read_payment(value, content_type, ARRIVED)
    return caught.value


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_json_and_xml_are_told_apart_by_their_first_character(mark: bytes) -> None:
    payment = customer_payment()
    xml = write_document(payment).partition(b"?>")[2]
    for value in (payment.to_bytes(), xml):
        assert _INTAKE.read_payment(mark + value, None, ARRIVED) == payment


@pytest.mark.parametrize("kind", ["application/xml", "text/xml; charset=utf-8", "Application/XML"])
def test_the_header_decides_where_there_is_one(kind: str) -> None:
    value = write_document(customer_payment())
    assert _INTAKE.read_payment(value, kind, ARRIVED) == customer_payment()
    assert _refused(value, "application/json").fault is Fault.NOT_JSON
    assert _refused(customer_payment().to_bytes(), kind).fault is Fault.NOT_XML
    assert _refused(value, "text/csv").field == "content-type"


@pytest.mark.parametrize(
    ("change", "fault", "field"),
    [
        ({"uetr": None}, Fault.MISSING_FIELD, "uetr"),
        ({"uetr": UETR.upper()}, Fault.INVALID_FIELD, "uetr"),
        ({"uetr": UETR + "\n"}, Fault.INVALID_FIELD, "uetr"),
        ({"amount": "NaN"}, Fault.INVALID_FIELD, "amount"),
        ({"amount": float("nan")}, Fault.INVALID_FIELD, "amount"),
        ({"amount": float("inf")}, Fault.INVALID_FIELD, "amount"),
        ({"amount": "-5.00"}, Fault.INVALID_FIELD, "amount"),
        ({"amount": 0}, Fault.INVALID_FIELD, "amount"),
        ({"amount": "1.001"}, Fault.INVALID_FIELD, "amount"),
        ({"amount": "1e30"}, Fault.INVALID_FIELD, "amount"),
        ({"amount": True}, Fault.INVALID_FIELD, "amount"),
        ({"amount": {"value": 1}}, Fault.INVALID_FIELD, "amount"),
        ({"currency": "XXX"}, Fault.INVALID_FIELD, "currency"),
        ({"created_at": "2026-01-05T14:30:00"}, Fault.INVALID_FIELD, "created_at"),
        ({"created_at": 1767623400}, Fault.INVALID_FIELD, "created_at"),
        ({"created_at": "2126-01-05T14:30:00Z"}, Fault.IMPLAUSIBLE_TIME, "created_at"),
        ({"created_at": "1926-01-05T14:30:00Z"}, Fault.IMPLAUSIBLE_TIME, "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, Fault.IMPLAUSIBLE_TIME, "created_at"),
        ({"created_at": "9999-12-31T23:59:59-14:00"}, Fault.IMPLAUSIBLE_TIME, "created_at"),
        ({"settlement_date": "9999-12-31"}, Fault.IMPLAUSIBLE_TIME, "settlement_date"),
        ({"settlement_date": "05.01.2026"}, Fault.INVALID_FIELD, "settlement_date"),
        ({"message_type": None}, Fault.MISSING_FIELD, "message_type"),
        ({"message_type": "pacs.002", "uetr": 7}, Fault.UNKNOWN_MESSAGE, "message_type"),
        ({"schema_version": 2, "uetr": 7}, Fault.UNKNOWN_MESSAGE, "schema_version"),
        ({"message_id": 7}, Fault.INVALID_FIELD, "message_id"),
        ({"local_instrument": "BTRC"}, Fault.INVALID_FIELD, "local_instrument"),
        ({"debtor": "Alder"}, Fault.INVALID_FIELD, "debtor"),
        ({"debtor": {"name": "Alder"}}, Fault.MISSING_FIELD, "debtor.account"),
        ({"creditor": {"account": "1"}}, Fault.MISSING_FIELD, "creditor.name"),
        ({"creditor": {"name": "B", "acount": "1"}}, Fault.INVALID_FIELD, "creditor.acount"),
        (
            {"debtor_agent": {"routing_number": "021000022"}},
            Fault.INVALID_FIELD,
            "debtor_agent.routing_number",
        ),
        (
            {"debtor_agent": {"routing_number": 21000021}},
            Fault.INVALID_FIELD,
            "debtor_agent.routing_number",
        ),
        (
            {"debtor_agent": {"routing_number": EAST, "lei": "5493001KJTIIGC8Y1R13"}},
            Fault.INVALID_FIELD,
            "debtor_agent.lei",
        ),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(change: dict[str, Any], fault: Fault, field: str) -> None:
    refusal = _refused(_json(**change))
    assert (refusal.fault, refusal.field) == (fault, field)
    assert len(refusal.hint) > 10


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (b"", Fault.UNKNOWN_MESSAGE),
        (b"   ", Fault.UNKNOWN_MESSAGE),
        (b"[]", Fault.UNKNOWN_MESSAGE),
        (b"\x00\x01", Fault.UNKNOWN_MESSAGE),
        (b"\xff\xfe<\x00", Fault.UNKNOWN_MESSAGE),
        (b"{", Fault.NOT_JSON),
        (b"{'a': 1}", Fault.NOT_JSON),
        (b'{"a": "\xff"}', Fault.NOT_JSON),
        (b'{"a": "\\ud800"}', Fault.NOT_JSON),
        (b'{"a": ' * 100_000, Fault.NOT_JSON),
        (b'{"amount": ' + b"9" * 100_000 + b"}", Fault.NOT_JSON),
        (b"<a>", Fault.NOT_XML),
        (b"{" * (10 << 20), Fault.TOO_LARGE),
        (b"<" * (10 << 20), Fault.TOO_LARGE),
    ],
    ids=range(14),
)
def test_what_is_no_message_is_refused_as_a_whole(value: bytes, fault: Fault) -> None:
    refusal = _refused(value)
    assert (refusal.fault, refusal.field) == (fault, "")


def test_the_size_limit_itself_is_taken() -> None:
    value = customer_payment().to_bytes()
    exact = Intake(_NAMES, Limits(max_bytes=len(value)))
    assert exact.read_payment(value, None, ARRIVED) == customer_payment()
    with pytest.raises(Refusal) as caught:
        exact.read_payment(value + b" ", None, ARRIVED)
    assert caught.value.fault is Fault.TOO_LARGE


@pytest.mark.parametrize(
    ("lead", "taken"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), False),
        (timedelta(days=-400), True),
        (timedelta(days=-400, microseconds=-1), False),
    ],
)
def test_event_times_are_bounded_on_both_sides(lead: timedelta, taken: bool) -> None:
    value = customer_payment().to_bytes()
    if taken:
        assert _INTAKE.read_payment(value, None, CREATED - lead).created_at == CREATED
    else:
        with pytest.raises(Refusal) as caught:
            _INTAKE.read_payment(value, None, CREATED - lead)
        assert caught.value.fault is Fault.IMPLAUSIBLE_TIME


def test_recorded_history_of_any_age_can_be_let_in() -> None:
    history = Intake(_NAMES, Limits(behind=timedelta.max))
    late = datetime(9999, 1, 1, tzinfo=UTC)
    assert history.read_payment(customer_payment().to_bytes(), None, late).uetr == UETR


def test_a_payment_to_the_same_account_is_refused_in_both_forms() -> None:
    payment = customer_payment()
    account = "gb82 west 1234 5698 7654 32"
    same = payment.model_copy(
        update={
            "creditor": Party(name="Alder again", account=account),
            "creditor_agent": Participant(routing_number=EAST),
        }
    )
    refusal = _refused(same.to_bytes())
    assert (refusal.fault, refusal.field) == (Fault.SELF_PAYMENT, "creditor.account")
    refusal = _refused(write_document(same))
    assert refusal.field == "FIToFICstmrCdtTrf/CdtTrfTxInf/CdtrAcct/Id"


def test_two_accounts_at_one_bank_may_pay_each_other() -> None:
    update = {"creditor_agent": Participant(routing_number=EAST)}
    inside = customer_payment().model_copy(update=update)
    assert _INTAKE.read_payment(inside.to_bytes(), None, ARRIVED) == inside


def test_a_bank_cannot_pay_itself() -> None:
    same = bank_payment().model_copy(update={"creditor_agent": bank_payment().debtor_agent})
    refusal = _refused(same.to_bytes())
    assert (refusal.fault, refusal.field) == (Fault.SELF_PAYMENT, "creditor_agent.routing_number")


def test_times_in_xml_are_named_by_their_element() -> None:
    value = write_document(customer_payment()).replace(b">2026-01-05T", b">2036-01-05T")
    refusal = _refused(value)
    assert refusal.fault is Fault.IMPLAUSIBLE_TIME
    assert refusal.field == "FIToFICstmrCdtTrf/GrpHdr/CreDtTm"


def test_a_misspelt_field_is_pointed_at() -> None:
    fields = json.loads(customer_payment().to_bytes())
    fields["utr"] = fields.pop("uetr")
    refusal = _refused(json.dumps(fields).encode())
    assert refusal.field == "uetr"
    assert "utr may be a misspelling" in refusal.hint


def test_a_senders_strange_key_cannot_spoil_the_path() -> None:
    refusal = _refused(_json(**{"a\x00b\n" * 1000: 1}))
    assert refusal.field.isprintable()
    assert len(refusal.field) <= 200


def test_a_payment_is_read_and_fanned_out_in_one_call() -> None:
    made = _INTAKE.payment(customer_payment().to_bytes(), None, ARRIVED)
    assert made.debtor.entity == _NAMES.party("GB82WEST12345698765432", EAST)


def test_the_key_comes_from_the_settings_or_a_file_of_the_data_folder(tmp_path: Path) -> None:
    value = customer_payment().to_bytes()
    kept = Intake.from_settings(Settings(data_dir=tmp_path))
    again = Intake.from_settings(Settings(data_dir=tmp_path))
    secret = SecretStr((tmp_path / "pseudonym.key").read_text("ascii").strip())
    told = Intake.from_settings(Settings(data_dir=tmp_path / "other", pseudonym_key=secret))
    entities = {door.payment(value, None, ARRIVED).debtor.entity for door in (kept, again, told)}
    assert len(entities) == 1
    assert not (tmp_path / "other").exists()


def _disposition(**changes: Any) -> bytes:
    fields = {
        "alert_id": "0" * 32,
        "entity": f"bank:{EAST}",
        "verdict": "cleared",
        "analyst": "kim",
        "decided_at": "2026-01-05T14:30:00Z",
    }
    return json.dumps(fields | changes).encode()


def test_a_disposition_is_read() -> None:
    assert _INTAKE.disposition(_disposition(), ARRIVED).verdict is Verdict.CLEARED


@pytest.mark.parametrize(
    ("change", "fault", "field"),
    [
        ({"verdict": "maybe"}, Fault.INVALID_FIELD, "verdict"),
        ({"record": "flow"}, Fault.INVALID_FIELD, "record"),
        ({"entity": "bank:1"}, Fault.INVALID_FIELD, "entity"),
        ({"alert_id": "x"}, Fault.INVALID_FIELD, "alert_id"),
        ({"note": "a\x00b"}, Fault.INVALID_FIELD, "note"),
        ({"note": "a" * 2001}, Fault.INVALID_FIELD, "note"),
        ({"analyst": "\x00"}, Fault.INVALID_FIELD, "analyst"),
        ({"decided_at": "2126-01-05T14:30:00Z"}, Fault.IMPLAUSIBLE_TIME, "decided_at"),
        ({"payment": 1}, Fault.INVALID_FIELD, "payment"),
    ],
    ids=str,
)
def test_a_wrong_disposition_is_refused(change: dict[str, Any], fault: Fault, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        _INTAKE.disposition(_disposition(**change), ARRIVED)
    assert (caught.value.fault, caught.value.field) == (fault, field)
