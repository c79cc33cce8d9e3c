"""camt.056.001.08: the sender asks for a payment back."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from pipeline.iso20022.document import Branch, open_document
from pipeline.iso20022.group import REQUIRED, check_imad, read_imad, read_plain
from pipeline.iso20022.original import read_original, write_original
from pipeline.iso20022.parties import read_agent, read_participant, write_agent, write_participant
from pipeline.iso20022.tree import Node
from pipeline.refusal import refusal_of
from schemas.return_request import ReturnRequest

DEFINITION: Final = "camt.056.001.08"
ROOT: Final = "FIToFIPmtCxlReq"


def read_return_request(value: bytes) -> ReturnRequest:
    """Read a request from XML. Names of the two banks are not part of the message.

    Raises:
        Refusal: it is none, or breaks a rule.
    """
    _, body = open_document(value, {DEFINITION: ROOT})
    return return_request_of(body)


def return_request_of(body: Node) -> ReturnRequest:
    """Read a request from its element.

    Raises:
        Refusal: it breaks a rule.
    """
    assignment = body.need("Assgnmt", REQUIRED)
    case = body.need("Case", REQUIRED)
    asking = read_participant(assignment.need("Assgnr/Agt", REQUIRED))
    transaction = body.need("Undrlyg/TxInf", REQUIRED)
    fields = {
        "message_id": read_imad(assignment, "Id"),
        "created_at": read_plain(assignment, "CreDtTm", "created_at"),
        "case_id": read_plain(case, "Id", "case_id"),
        "assigner": read_agent(case.find("Cretr/Agt"), asking),
        "assignee": {"routing_number": read_participant(assignment.need("Assgne/Agt", REQUIRED))},
        "reason": read_plain(transaction, "CxlRsnInf/Rsn/Cd", "reason"),
        "remark": transaction.need("CxlRsnInf", REQUIRED).first("AddtlInf"),
        "original": read_original(transaction),
    }
    try:
        return ReturnRequest.model_validate(fields)
    except ValidationError as error:
        raise refusal_of(error) from None


def write_return_request(request: ReturnRequest) -> bytes:
    """Write a request as a document in UTF-8.

    Raises:
        ColdwireError: it breaks a rule of Fedwire that its type does not.
    """
    check_imad(request.message_id)
    body = Branch.of_document(DEFINITION, ROOT)
    assignment = body.branch("Assgnmt")
    assignment.leaf("Id", request.message_id)
    for element, bank in (("Assgnr", request.assigner), ("Assgne", request.assignee)):
        write_participant(assignment.branch(f"{element}/Agt/FinInstnId"), bank.routing_number)
    assignment.leaf("CreDtTm", request.created_at.isoformat())
    case = body.branch("Case")
    case.leaf("Id", request.case_id)
    write_agent(case.branch("Cretr/Agt"), request.assigner)
    transaction = body.branch("Undrlyg/TxInf")
    write_original(transaction, request.original)
    reason = transaction.branch("CxlRsnInf")
    reason.leaf("Rsn/Cd", request.reason)
    reason.leaf("AddtlInf", request.remark)
    return body.render()
