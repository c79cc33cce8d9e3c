"""Where each canonical field stands in a message."""

from __future__ import annotations

from schemas.payment import MessageType

_COMMON = {
    "message_id": "GrpHdr/MsgId",
    "created_at": "GrpHdr/CreDtTm",
    "end_to_end_id": "CdtTrfTxInf/PmtId/EndToEndId",
    "uetr": "CdtTrfTxInf/PmtId/UETR",
    "local_instrument": "CdtTrfTxInf/PmtTpInf/LclInstrm/Prtry",
    "amount": "CdtTrfTxInf/IntrBkSttlmAmt",
    "currency": "CdtTrfTxInf/IntrBkSttlmAmt/@Ccy",
    "settlement_date": "CdtTrfTxInf/IntrBkSttlmDt",
    "purpose": "CdtTrfTxInf/Purp/Cd",
    "remittance": "CdtTrfTxInf/RmtInf/Ustrd",
}


def _side(side: str, element: str, party: str) -> dict[str, str]:
    agent = f"CdtTrfTxInf/{element}Agt/FinInstnId"
    return {
        side: f"CdtTrfTxInf/{element}",
        f"{side}.name": f"CdtTrfTxInf/{element}{party}/Nm",
        f"{side}.country": f"CdtTrfTxInf/{element}{party}/PstlAdr/Ctry",
        f"{side}.account": f"CdtTrfTxInf/{element}Acct/Id",
        f"{side}_agent": f"CdtTrfTxInf/{element}Agt",
        f"{side}_agent.routing_number": f"{agent}/ClrSysMmbId/MmbId",
        f"{side}_agent.name": f"{agent}/Nm",
        f"{side}_agent.lei": f"{agent}/LEI",
    }


_ELEMENTS = {
    message: _COMMON | _side("debtor", "Dbtr", party) | _side("creditor", "Cdtr", party)
    for message, party in ((MessageType.CUSTOMER, ""), (MessageType.BANK, "/FinInstnId"))
}


def element_of(message: MessageType, field: str) -> str:
    """Path below the message's root element of a canonical field (itself if it has none)."""
    return _ELEMENTS[message].get(field, field)
