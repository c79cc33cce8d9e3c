"""What is written can be read again, and validates."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import pytest
import xmlschema
from hypothesis import given, settings

from pipeline.errors import ColdwireError
from pipeline.iso20022 import read_document, write_document
from schemas.payment import MessageType, Payment
from tests.iso20022.payments import bank_payment, customer_payment, payments


@lru_cache(maxsize=1)
def _base_schema() -> xmlschema.XMLSchema:
    path = files("tollgate") / "schemas" / "pacs.008.001.08.xsd"
    return xmlschema.XMLSchema(path.read_text("utf-8"))


@given(payments())
@settings(max_examples=100, deadline=None)
def test_any_payment_survives_the_way_to_xml_and_back(payment: Payment) -> None:
    assert read_document(write_document(payment)) == payment


@given(payments().filter(lambda p: p.message_type is MessageType.CUSTOMER))
@settings(max_examples=30, deadline=None)
def test_any_customer_payment_validates_against_the_base_schema(payment: Payment) -> None:
    _base_schema().validate(write_document(payment).decode())


def test_the_base_schema_refuses_a_broken_message() -> None:
    broken = write_document(customer_payment()).replace(b"<ChrgBr>SHAR</ChrgBr>", b"")
    assert not _base_schema().is_valid(broken.decode())


def test_one_payment_gives_the_same_bytes_every_time() -> None:
    assert write_document(customer_payment()) == write_document(customer_payment())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"message_id": "M-1"}, "IMAD"),
        ({"local_instrument": "BTRC"}, "local_instrument"),
        ({"remittance": "a\x01b"}, "XML cannot carry"),
        ({"end_to_end_id": "a\x0cb"}, "XML cannot carry"),
    ],
)
def test_what_fedwire_would_refuse_is_not_written(change: dict[str, str], words: str) -> None:
    payment = customer_payment().model_copy(update=change)
    with pytest.raises(ColdwireError, match=words):
        write_document(payment)


def test_a_bank_transfer_needs_no_account() -> None:
    written = write_document(bank_payment())
    assert b"Acct" not in written
    assert b"<FICdtTrf>" in written
