"""Messages as others write them, and messages that must not pass."""

from __future__ import annotations

import pytest

from pipeline.iso20022 import read_document, write_document
from pipeline.refusal import Refusal
from schemas.dead_letter import Fault
from tests.iso20022.payments import EAST, bank_payment, customer_payment

_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<FedwireFundsIncoming xmlns="urn:fedwirefunds:incoming:v001"><FedwireFundsIncomingMessage>
<FedwireFundsCustomerCreditTransfer>
<h:AppHdr xmlns:h="urn:iso:std:iso:20022:tech:xsd:head.001.001.03">
<h:BizMsgIdr>20260105ABCD1234000017</h:BizMsgIdr><h:MsgDefIdr>{definition}</h:MsgDefIdr>
</h:AppHdr>
{document}
</FedwireFundsCustomerCreditTransfer></FedwireFundsIncomingMessage></FedwireFundsIncoming>"""


def _body(written: bytes) -> str:
    return written.decode().partition("?>")[2].strip()


def _changed(old: str, new: str) -> bytes:
    written = write_document(customer_payment()).decode()
    assert old in written
    return written.replace(old, new).encode()


def _refused(value: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_document(value)
    return caught.value


def test_a_message_in_fedwires_envelope_is_read() -> None:
    document = _body(write_document(customer_payment()))
    enveloped = _ENVELOPE.format(document=document, definition="pacs.008.001.08")
    assert read_document(enveloped.encode()) == customer_payment()


def test_a_header_that_announces_another_message_is_refused() -> None:
    document = _body(write_document(customer_payment()))
    enveloped = _ENVELOPE.format(document=document, definition="pacs.009.001.08")
    assert _refused(enveloped.encode()).field == "AppHdr/MsgDefIdr"


def test_two_documents_in_one_record_are_refused() -> None:
    document = _body(write_document(customer_payment()))
    enveloped = _ENVELOPE.format(document=document * 2, definition="pacs.008.001.08")
    assert _refused(enveloped.encode()).fault is Fault.UNKNOWN_MESSAGE


def test_prefixes_comments_and_blanks_change_nothing() -> None:
    written = _changed("<UETR>", "<UETR> <!-- the reference --> ")
    assert read_document(written) == customer_payment()
    prefixed = write_document(customer_payment()).decode()
    prefixed = prefixed.replace("<", "<p:").replace("<p:/", "</p:").replace("<p:?xml", "<?xml")
    prefixed = prefixed.replace("xmlns=", "xmlns:p=")
    assert read_document(prefixed.encode()) == customer_payment()


def test_a_comment_cannot_cut_a_value_short() -> None:
    written = _changed("000123456789", "000123<!-- x -->456789")
    assert read_document(written).creditor.account == "000123456789"


def test_elements_without_a_place_are_passed_over() -> None:
    agent = "<IntrmyAgt1><FinInstnId><BICFI>AAAABBCC</BICFI></FinInstnId></IntrmyAgt1>"
    assert read_document(_changed("<Dbtr>", f"{agent}<Dbtr>")) == customer_payment()


def test_a_foreign_agent_is_reached_through_the_instructing_participant() -> None:
    member = f"<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>{EAST}</MmbId></ClrSysMmbId>"
    foreign = _changed(f"<DbtrAgt><FinInstnId>{member}", "<DbtrAgt><FinInstnId>")
    assert read_document(foreign).debtor_agent.routing_number == EAST


def test_a_bank_without_a_name_is_called_by_its_bic() -> None:
    written = write_document(bank_payment()).decode()
    written = written.replace("<Nm>Eastern Bank</Nm>", "<BICFI>EASTUS33</BICFI>", 1)
    assert read_document(written.encode()).debtor.name == "EASTUS33"


def test_residence_stands_in_for_a_missing_address() -> None:
    written = _changed("<PstlAdr><Ctry>GB</Ctry></PstlAdr>", "<CtryOfRes>GB</CtryOfRes>")
    assert read_document(written).debtor.country == "GB"


_TRANSFER = "FIToFICstmrCdtTrf/CdtTrfTxInf"


@pytest.mark.parametrize(
    ("old", "new", "fault", "field"),
    [
        ("<NbOfTxs>1<", "<NbOfTxs>2<", Fault.INVALID_FIELD, "FIToFICstmrCdtTrf/GrpHdr/NbOfTxs"),
        (
            "<SttlmMtd>CLRG<",
            "<SttlmMtd>INDA<",
            Fault.INVALID_FIELD,
            "FIToFICstmrCdtTrf/GrpHdr/SttlmInf/SttlmMtd",
        ),
        (
            "<Cd>FDW<",
            "<Cd>CHP<",
            Fault.INVALID_FIELD,
            "FIToFICstmrCdtTrf/GrpHdr/SttlmInf/ClrSys/Cd",
        ),
        ("20260105ABCD1234000017", "M1", Fault.INVALID_FIELD, "FIToFICstmrCdtTrf/GrpHdr/MsgId"),
        (
            "2026-01-05T14:30:00+00:00",
            "2026-01-05T14:30:00",
            Fault.INVALID_FIELD,
            "FIToFICstmrCdtTrf/GrpHdr/CreDtTm",
        ),
        (
            "2026-01-05T14:30:00+00:00",
            "1767225600",
            Fault.INVALID_FIELD,
            "FIToFICstmrCdtTrf/GrpHdr/CreDtTm",
        ),
        ("<UETR>0b6e", "<UETR>0B6E", Fault.INVALID_FIELD, f"{_TRANSFER}/PmtId/UETR"),
        (
            "<UETR>0b6e7f3a-93a1-4c58-9a0e-2b7f6d1c8e55</UETR>",
            "",
            Fault.MISSING_FIELD,
            f"{_TRANSFER}/PmtId/UETR",
        ),
        ("</UETR>", "</UETR><UETR>x</UETR>", Fault.INVALID_FIELD, f"{_TRANSFER}/PmtId/UETR"),
        ("<UETR>", "<UETR><b/>", Fault.INVALID_FIELD, f"{_TRANSFER}/PmtId/UETR"),
        ('Ccy="USD"', 'Ccy="EUR"', Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt/@Ccy"),
        (
            '<IntrBkSttlmAmt Ccy="USD">',
            "<IntrBkSttlmAmt>",
            Fault.INVALID_FIELD,
            f"{_TRANSFER}/IntrBkSttlmAmt/@Ccy",
        ),
        (">1250.75<", ">NaN<", Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt"),
        (">1250.75<", ">-1<", Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt"),
        (">1250.75<", ">1_250<", Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt"),
        (">1250.75<", ">0.00<", Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt"),
        (">1250.75<", ">1.001<", Fault.INVALID_FIELD, f"{_TRANSFER}/IntrBkSttlmAmt"),
        ("<ChrgBr>SHAR<", "<ChrgBr>SHA<", Fault.INVALID_FIELD, f"{_TRANSFER}/ChrgBr"),
        (
            "<Cd>USABA<",
            "<Cd>USPID<",
            Fault.INVALID_FIELD,
            f"{_TRANSFER}/InstgAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd",
        ),
        (
            "<MmbId>021000021<",
            "<MmbId>021000022<",
            Fault.INVALID_FIELD,
            f"{_TRANSFER}/DbtrAgt/FinInstnId/ClrSysMmbId/MmbId",
        ),
        (
            "<CdtrAcct><Id><Othr><Id>000123456789</Id></Othr></Id></CdtrAcct>",
            "",
            Fault.MISSING_FIELD,
            f"{_TRANSFER}/CdtrAcct/Id",
        ),
        ("<Nm>Birch LLC</Nm>", "", Fault.MISSING_FIELD, f"{_TRANSFER}/Cdtr/Nm"),
        ("pacs.008.001.08", "pacs.008.001.10", Fault.UNKNOWN_MESSAGE, "Document"),
        ("FIToFICstmrCdtTrf", "FICdtTrf", Fault.UNKNOWN_MESSAGE, "Document"),
    ],
)
def test_a_broken_rule_is_named_by_its_element(
    old: str, new: str, fault: Fault, field: str
) -> None:
    refusal = _refused(_changed(old, new))
    assert (refusal.fault, refusal.field) == (fault, field)
    assert refusal.hint


_BOMB = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Document>&b;</Document>"""
_FILE = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document>&x;</Document>"""


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (_BOMB, Fault.FORBIDDEN_XML),
        (_FILE, Fault.FORBIDDEN_XML),
        (b"<!DOCTYPE html><html/>", Fault.FORBIDDEN_XML),
        (_BOMB.decode().encode("utf-16"), Fault.NOT_XML),
        (b"<?xml version='1.0' encoding='UTF-7'?><Document/>", Fault.NOT_XML),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><Document/>", Fault.NOT_XML),
        (b"<Document>", Fault.NOT_XML),
        (b"<Document>&x;</Document>", Fault.NOT_XML),
        (b"<Document>\xff</Document>", Fault.NOT_XML),
        (b"<Document xmlns='urn:x'/>", Fault.UNKNOWN_MESSAGE),
        (b"<html/>", Fault.UNKNOWN_MESSAGE),
        (b"<a>" * 33 + b"</a>" * 33, Fault.FORBIDDEN_XML),
        (b"<a>" * 100_000, Fault.NOT_XML),
        (b"", Fault.NOT_XML),
    ],
    ids=range(14),
)
def test_hostile_xml_is_refused(value: bytes, fault: Fault) -> None:
    assert _refused(value).fault is fault


def test_a_refusal_repeats_no_value_of_the_message() -> None:
    refusal = _refused(_changed("</CdtrAcct>", "</CdtrAct>"))
    assert "000123456789" not in str(refusal)
