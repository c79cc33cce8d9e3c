"""Write canonical payments as pacs.008.001.08 and pacs.009.001.08.

What Fedwire requires and a canonical payment does not hold is written the plain way: the
instructed amount is the settled one, and charges are shared.
"""

from __future__ import annotations

import re

from lxml import etree

from pipeline.errors import ColdwireError
from pipeline.iso20022.elements import element_of
from pipeline.iso20022.rules import (
    DEFINITIONS,
    NAMESPACE,
    ROOTS,
    first_violation,
    is_iban,
    is_imad,
)
from schemas.payment import MessageType, Participant, Party, Payment

_CHARGE_BEARER = "SHAR"
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_document(payment: Payment) -> bytes:
    """Write one payment as an ISO 20022 document in UTF-8.

    Raises:
        ColdwireError: the payment breaks a rule of Fedwire that its type does not.
    """
    _check(payment)
    message = payment.message_type
    namespace = NAMESPACE + DEFINITIONS[message]
    document = etree.Element(
        f"{{{namespace}}}Document",
        nsmap={None: namespace},  # type: ignore[dict-item]
    )
    body = _Branch(document, namespace).branch(ROOTS[message])
    header = body.branch("GrpHdr")
    header.leaf("MsgId", payment.message_id)
    header.leaf("CreDtTm", payment.created_at.isoformat())
    header.leaf("NbOfTxs", "1")
    settlement = header.branch("SttlmInf")
    settlement.leaf("SttlmMtd", "CLRG")
    settlement.leaf("ClrSys/Cd", "FDW")
    _write_transfer(body.branch("CdtTrfTxInf"), payment)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


class _Branch:
    """An element to be filled in the order of the schema."""

    def __init__(self, element: etree._Element, namespace: str) -> None:
        self._element = element
        self._namespace = namespace

    def branch(self, steps: str) -> _Branch:
        """Add ``A/B/C`` and go there."""
        element = self._element
        for name in steps.split("/"):
            element = etree.SubElement(element, f"{{{self._namespace}}}{name}")
        return _Branch(element, self._namespace)

    def leaf(self, steps: str, text: str | None, **attributes: str) -> None:
        """Add ``A/B/C`` with a text; nothing if there is no text."""
        if text is None:
            return
        element = self.branch(steps)._element
        element.text = text
        for name, value in attributes.items():
            element.set(name, value)


def _write_transfer(transfer: _Branch, payment: Payment) -> None:
    message = payment.message_type
    ids = transfer.branch("PmtId")
    ids.leaf("EndToEndId", payment.end_to_end_id)
    ids.leaf("UETR", payment.uetr)
    transfer.leaf("PmtTpInf/LclInstrm/Prtry", payment.local_instrument)
    amount = f"{payment.amount:.2f}"
    transfer.leaf("IntrBkSttlmAmt", amount, Ccy=payment.currency)
    transfer.leaf("IntrBkSttlmDt", payment.settlement_date.isoformat())
    if message is MessageType.CUSTOMER:
        transfer.leaf("InstdAmt", amount, Ccy=payment.currency)
        transfer.leaf("ChrgBr", _CHARGE_BEARER)
    _write_member(transfer.branch("InstgAgt/FinInstnId"), payment.debtor_agent)
    _write_member(transfer.branch("InstdAgt/FinInstnId"), payment.creditor_agent)
    _write_party(transfer.branch("Dbtr"), payment.debtor, message)
    _write_account(transfer, "DbtrAcct", payment.debtor)
    _write_agent(transfer.branch("DbtrAgt"), payment.debtor_agent)
    _write_agent(transfer.branch("CdtrAgt"), payment.creditor_agent)
    _write_party(transfer.branch("Cdtr"), payment.creditor, message)
    _write_account(transfer, "CdtrAcct", payment.creditor)
    transfer.leaf("Purp/Cd", payment.purpose)
    transfer.leaf("RmtInf/Ustrd", payment.remittance)


def _write_member(institution: _Branch, participant: Participant) -> None:
    member = institution.branch("ClrSysMmbId")
    member.leaf("ClrSysId/Cd", "USABA")
    member.leaf("MmbId", participant.routing_number)


def _write_agent(agent: _Branch, participant: Participant) -> None:
    institution = agent.branch("FinInstnId")
    _write_member(institution, participant)
    institution.leaf("LEI", participant.lei)
    institution.leaf("Nm", participant.name)


def _write_party(element: _Branch, party: Party, message: MessageType) -> None:
    holder = element if message is MessageType.CUSTOMER else element.branch("FinInstnId")
    holder.leaf("Nm", party.name)
    holder.leaf("PstlAdr/Ctry", party.country)


def _write_account(transfer: _Branch, element: str, party: Party) -> None:
    if party.account is not None:
        form = "IBAN" if is_iban(party.account) else "Othr/Id"
        transfer.leaf(f"{element}/Id/{form}", party.account)


def _check(payment: Payment) -> None:
    """Refuse what the types allow and a reader of the message would not."""
    violation = first_violation(payment)
    if violation is not None:
        raise ColdwireError(f"{_name(payment)}: wrong {violation.field}", violation.hint)
    if not is_imad(payment.message_id):
        raise ColdwireError(
            f"{_name(payment)}: message_id is no IMAD",
            "give cycle date, 8-character endpoint and a number from 000001",
        )
    for field in ("end_to_end_id", "remittance"):
        _check_text(payment, field, getattr(payment, field))
    for side in ("debtor", "creditor"):
        _check_text(payment, f"{side}.name", getattr(payment, side).name)
        _check_text(payment, f"{side}.account", getattr(payment, side).account)
        _check_text(payment, f"{side}_agent.name", getattr(payment, f"{side}_agent").name)


def _check_text(payment: Payment, field: str, text: str | None) -> None:
    if text is not None and _UNWRITABLE.search(text):
        element = element_of(payment.message_type, field)
        raise ColdwireError(
            f"{_name(payment)}: {field} holds a character that XML cannot carry",
            f"remove control characters from what goes to {element}",
        )


def _name(payment: Payment) -> str:
    return f"payment {payment.uetr}"
