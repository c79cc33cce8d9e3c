"""Small patterns of payments between accounts, counted alike in any data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_FAN: Final = 10
_GATHER: Final = 3
_PASS_MS: Final = 24 * 3_600_000
_PASS_SHARE: Final = (0.8, 1.0)
_MOST_PARTNERS: Final = 500
"""A hub in the middle says nothing of a pattern, and would cost the square of its partners."""

MOTIFS: Final = {
    "fan-out": f"accounts that pay {_FAN} others or more",
    "fan-in": f"accounts that {_FAN} others or more pay",
    "two-way pair": "pairs that pay each other",
    "3-cycle": "rings of three",
    "scatter-gather": f"pairs joined by {_GATHER} or more two-step ways",
    "pass-through": "accounts that pass 80 to 100 % of a sum on within a day",
}


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments between accounts in time order, all arrays [n].

    Attributes:
        debtor, creditor: any integers that name accounts.
        event_ms: UTC epoch ms.
        amount: dollars.
    """

    debtor: I64
    creditor: I64
    event_ms: I64
    amount: F64

    def __len__(self) -> int:
        return int(self.debtor.size)

    @classmethod
    def joined(cls, parts: Sequence[Payments]) -> Payments:
        """One after the other."""
        names = ("debtor", "creditor", "event_ms", "amount")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def accounts(self) -> int:
        """Accounts that pay or are paid."""
        return int(np.unique(np.concatenate([self.debtor, self.creditor])).size)

    def first(self, n: int) -> Payments:
        """The first n."""
        return Payments(self.debtor[:n], self.creditor[:n], self.event_ms[:n], self.amount[:n])


@dataclass(frozen=True, slots=True)
class MotifCounts:
    """What was counted.

    Attributes:
        accounts: that pay or are paid.
        payments: that were looked at.
        per_thousand: count of each motif of :data:`MOTIFS` per 1,000 accounts.
    """

    accounts: int
    payments: int
    per_thousand: dict[str, float]


def _passes(payments: Payments) -> int:
    """Accounts with an outgoing payment of 80 to 100 % of one that came within a day before."""
    low, high = _PASS_SHARE
    incoming = np.lexsort((payments.event_ms, payments.creditor))
    account, when, sum_in = (
        a[incoming] for a in (payments.creditor, payments.event_ms, payments.amount)
    )
    # Walk back from each outgoing payment over the ones that came in, nearest first.
    span = int(payments.event_ms.max() - payments.event_ms.min()) + 1
    start = payments.event_ms.min()
    place = np.unique(np.concatenate([account, payments.debtor]))
    key_in = np.searchsorted(place, account) * span + (when - start)
    key_out = np.searchsorted(place, payments.debtor) * span + (payments.event_ms - start)
    at = np.searchsorted(key_in, key_out, side="right") - 1
    found = np.zeros(len(payments), dtype=np.bool_)
    for back in range(8):
        index = at - back
        valid = index >= 0
        index = np.maximum(index, 0)
        same = valid & (account[index] == payments.debtor)
        recent = payments.event_ms - when[index] <= _PASS_MS
        share = payments.amount / sum_in[index]
        found |= same & recent & (share >= low) & (share <= high)
    return int(np.unique(payments.debtor[found]).size)


def count_motifs(payments: Payments) -> MotifCounts:
    """Count every motif.

    Accounts with more than 500 partners on a side are no middle of a ring or a gathering.

    Args:
        payments: at least one.
    """
    ends = np.concatenate([payments.debtor, payments.creditor])
    names, index = np.unique(ends, return_inverse=True)
    n, m = names.size, len(payments)
    pairs = np.unique(index[:m] * n + index[m:])
    source, target = np.divmod(pairs, n)
    other = source != target
    source, target = source[other], target[other]
    links = csr_array((np.ones(source.size, np.int32), (source, target)), shape=(n, n))
    out, into = np.bincount(source, minlength=n), np.bincount(target, minlength=n)
    small = (out <= _MOST_PARTNERS) & (into <= _MOST_PARTNERS)
    middle = csr_array((small[target].astype(np.int32), (source, target)), shape=(n, n))
    middle.eliminate_zeros()
    two_steps = csr_array(middle @ links)
    diagonal = two_steps.diagonal()
    counts = {
        "fan-out": int((out >= _FAN).sum()),
        "fan-in": int((into >= _FAN).sum()),
        "two-way pair": int(links.multiply(links.T).sum()) // 2,
        "3-cycle": round(float(two_steps.multiply(links.T).sum()) / 3),
        "scatter-gather": int((two_steps.data >= _GATHER).sum() - (diagonal >= _GATHER).sum()),
        "pass-through": _passes(payments),
    }
    return MotifCounts(n, m, {name: 1000.0 * count / n for name, count in counts.items()})
