"""Recalls (camt.056): the payer's bank asks for a payment back before a return that says so.

A return whose reason is FOCR follows a cancellation request, so each of those has one. When
and why it was asked follows from the return's own id, never from the truth: a recall for
fraud is as frequent for honest payments as for a scheme's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.ids import stable_id
from schemas.payment import Participant, Payment
from schemas.return_request import ReturnRequest
from simulators import names, statements
from simulators.codes import REASONS
from simulators.entries import DayLedger
from simulators.ground import Ground

_FOLLOWS_A_REQUEST: Final = REASONS.index("FOCR")
_REASONS: Final = ("CUST", "CUST", "DUPL", "DUPL", "UPAY", "TECH", "AM09", "FRAD")
"""ISO 20022 external cancellation reasons, as often as they stand here (our own proposal)."""
_EARLIEST: Final = 0.1
_LATEST: Final = 0.9
_STEPS: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class _Asked:
    """A recall without its number."""

    bank: int
    back: Payment
    at_ms: int
    reason: str


def of_day(seed: int, ground: Ground, ledger: DayLedger) -> list[ReturnRequest]:
    """The recalls that the returns of a day answer, in time order.

    Args:
        seed: the world's.
        ground: its parties and calendar.
        ledger: the day.
    """
    answers = np.flatnonzero(ledger.reason == _FOLLOWS_A_REQUEST).tolist()
    asked = sorted(
        (_asked(seed, ground, ledger, row) for row in answers),
        key=lambda one: (one.at_ms, one.back.uetr),
    )
    sent: Counter[int] = Counter()
    requests = []
    for one in asked:
        sent[one.bank] += 1
        requests.append(_request(one, sent[one.bank]))
    return requests


def _asked(seed: int, ground: Ground, ledger: DayLedger, row: int) -> _Asked:
    """Ask somewhere between the payment and its return."""
    back = statements.write(seed, ground, ledger, row)
    drawn = int(stable_id("recall", back.uetr), 16)
    share = _EARLIEST + (_LATEST - _EARLIEST) * (drawn % _STEPS) / _STEPS
    paid_ms, back_ms = int(ledger.event_ms[ledger.original[row]]), int(ledger.event_ms[row])
    return _Asked(
        bank=int(ledger.creditor_agent[row]),
        back=back,
        at_ms=paid_ms + int(share * (back_ms - paid_ms)),
        reason=_REASONS[drawn // _STEPS % len(_REASONS)],
    )


def _request(asked: _Asked, number: int) -> ReturnRequest:
    back = asked.back
    assert back.returns is not None, "only returns are answers"
    original = back.returns.original
    desk = names.inquiries_endpoint(asked.bank)
    return ReturnRequest(
        message_id=f"{back.settlement_date:%Y%m%d}{desk}{number:06d}",
        created_at=statements.moment(asked.at_ms),
        case_id=f"RECALL-{original.end_to_end_id}",
        assigner=back.creditor_agent,
        assignee=Participant(routing_number=back.debtor_agent.routing_number),
        reason=asked.reason,
        original=original,
    )
