"""Write canonical payments as pacs.008.001.08, pacs.009.001.08 and pacs.004.001.10.

What Fedwire requires and a canonical payment does not hold is written the plain way: the
instructed amount is the settled one, and charges are shared.
"""

from __future__ import annotations

from pipeline.errors import ColdwireError
from pipeline.iso20022.document import Branch
from pipeline.iso20022.group import check_imad, write_amount, write_header
from pipeline.iso20022.parties import write_account, write_agent, write_participant, write_party
from pipeline.iso20022.payment_return import write_return
from pipeline.iso20022.rules import DEFINITIONS, ROOTS, first_violation
from schemas.payment import MessageType, Party, Payment

_CHARGE_BEARER = "SHAR"


def write_document(payment: Payment) -> bytes:
    """Write one payment as an ISO 20022 document in UTF-8.

    Raises:
        ColdwireError: the payment breaks a rule of Fedwire that its type does not.
    """
    violation = first_violation(payment)
    if violation is not None:
        raise ColdwireError(f"payment {payment.uetr}: wrong {violation.field}", violation.hint)
    check_imad(payment.message_id)
    message = payment.message_type
    body = Branch.of_document(DEFINITIONS[message], ROOTS[message])
    write_header(body, payment.message_id, payment.created_at)
    if payment.returns is None:
        _write_transfer(body.branch("CdtTrfTxInf"), payment)
    else:
        write_return(body.branch("TxInf"), payment, payment.returns)
    return body.render()


def _write_transfer(transfer: Branch, payment: Payment) -> None:
    message = payment.message_type
    ids = transfer.branch("PmtId")
    ids.leaf("EndToEndId", payment.end_to_end_id)
    ids.leaf("UETR", payment.uetr)
    transfer.leaf("PmtTpInf/LclInstrm/Prtry", payment.local_instrument)
    write_amount(transfer, "IntrBkSttlmAmt", payment.amount)
    transfer.leaf("IntrBkSttlmDt", payment.settlement_date.isoformat())
    if message is MessageType.CUSTOMER:
        write_amount(transfer, "InstdAmt", payment.amount)
        transfer.leaf("ChrgBr", _CHARGE_BEARER)
    for element, participant in (
        ("InstgAgt", payment.debtor_agent),
        ("InstdAgt", payment.creditor_agent),
    ):
        write_participant(transfer.branch(f"{element}/FinInstnId"), participant.routing_number)
    _write_side(transfer, "Dbtr", payment.debtor, message)
    write_account(transfer, "DbtrAcct", payment.debtor)
    write_agent(transfer.branch("DbtrAgt"), payment.debtor_agent)
    write_agent(transfer.branch("CdtrAgt"), payment.creditor_agent)
    _write_side(transfer, "Cdtr", payment.creditor, message)
    write_account(transfer, "CdtrAcct", payment.creditor)
    transfer.leaf("Purp/Cd", payment.purpose)
    transfer.leaf("RmtInf/Ustrd", payment.remittance)


def _write_side(transfer: Branch, element: str, party: Party, message: MessageType) -> None:
    holder = transfer.branch(element)
    if message is MessageType.BANK:
        holder = holder.branch("FinInstnId")
    write_party(holder, party)
