"""Returns (pacs.004): a bank sends a customer payment back on the day on which it came.

How often and how fast is our own proposal, since nobody publishes it; the reasons are codes
of ISO's external list. Money goes back over links that banks have anyway, so that the
network of a day stays as it is published, and what could only go back after the cut-off is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators import entries
from simulators.behaviours import FAMILIES
from simulators.calendar import CUSTOMER_CUTOFF
from simulators.clock import MINUTE_MS
from simulators.codes import CUSTOMER, REASONS, RETURN
from simulators.entries import Entries
from simulators.network import Network
from simulators.roles import STAGES

FAMILY: Final = len(FAMILIES) + 1
"""Behind the families and the schemes in the ledger's ``family`` column."""

_SHARE: Final = 0.006
_RECALLED: Final = 0.05
_MINUTES: Final = (45.0, 1.2)
_RECALL_MINUTES: Final = (150.0, 0.8)
_LEAST_MINUTES: Final = 1.0
_REASONS: Final = {
    "AC01": 0.24,
    "AC03": 0.12,
    "AC04": 0.20,
    "AC06": 0.06,
    "BE04": 0.12,
    "MS03": 0.12,
    "CUST": 0.08,
    "FOCR": 0.06,
}
_RECALL_REASONS: Final = {"FOCR": 0.7, "AC06": 0.15, "MS03": 0.1, "CUST": 0.05}


@dataclass(frozen=True)
class Returns:
    """Returns of a day, in any order.

    Attributes:
        rows: the payments back.
        original: int64 [n], row of what each gives back among the payments of the day.
        reason: int8 [n], index into :data:`simulators.codes.REASONS`.
    """

    rows: Entries
    original: npt.NDArray[np.int64]
    reason: npt.NDArray[np.int8]


def draw(day: Entries, network: Network, rng: np.random.Generator) -> Returns:
    """Draw which payments of a day come back, when and why.

    Those that schemes made risky are recalled more often, after the fraud was seen; nobody
    is risky for a return.

    Args:
        day: all other payments, settled.
        network: links that money can go back over.
        rng: source of randomness.
    """
    recalled = day.debtor_risky | day.creditor_risky
    wanted = rng.random(len(day)) < np.where(recalled, _RECALLED, _SHARE)
    picked = np.flatnonzero((day.message_type == CUSTOMER) & wanted)
    there = network.linked(day.creditor_agent[picked], day.debtor_agent[picked])
    picked = picked[there]
    recalled = recalled[picked]
    median, spread = np.where(recalled[:, None], _RECALL_MINUTES, _MINUTES).T
    waited = np.maximum(median * np.exp(spread * rng.standard_normal(picked.size)), _LEAST_MINUTES)
    minute = day.offset_ms[picked] / MINUTE_MS + waited
    reason = np.where(
        recalled, _reasons(_RECALL_REASONS, picked.size, rng), _reasons(_REASONS, picked.size, rng)
    )
    in_time = minute < CUSTOMER_CUTOFF
    picked, minute, reason = picked[in_time], minute[in_time], reason[in_time]
    paid = day.take(picked)
    rows = entries.rows(
        minute,
        paid.amount_cents / 100.0,
        debtor=paid.creditor,
        creditor=paid.debtor,
        debtor_agent=paid.creditor_agent,
        creditor_agent=paid.debtor_agent,
        message_type=RETURN,
        local_instrument=paid.local_instrument,
        family=FAMILY,
        scheme=paid.scheme,
        debtor_role=paid.creditor_role,
        creditor_role=paid.debtor_role,
        stage=np.where(paid.scheme >= 0, STAGES.index("return"), STAGES.index("none")),
    )
    return Returns(rows, picked, reason.astype(np.int8))


def _reasons(weights: dict[str, float], n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    index = np.array([REASONS.index(name) for name in weights])
    return np.asarray(rng.choice(index, n, p=list(weights.values())), dtype=np.int64)
