"""Flows: the payments of one piece of business, which share an end-to-end id.

ISO 20022 wants the EndToEndId passed on unchanged through a chain of payments, while each
payment has a UETR of its own here (a cover payment too, since two messages are never one
record). Most flows are a single payment. Numbers follow from where a flow comes from, so
that a leg of a later day bears the same one; the ids tell nothing of that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.seeds import counter_hash

I64 = npt.NDArray[np.int64]

ALONE: Final = -1
"""Stands for the flow of a payment that no other belongs to, until the day is made."""

_A_DAY: Final = 1 << 32
_CHAINED: Final = 1 << 31
_SCHEMED: Final = 1 << 62


def of_day(day: int, n: int) -> I64:
    """Number the flows of several payments that begin on a day, whichever family makes them."""
    return day * _A_DAY + _CHAINED + np.arange(n, dtype=np.int64)


def of_scheme(ident: int, n: int) -> I64:
    """Number the flows of a scheme or look-alike."""
    return _SCHEMED + ident * _A_DAY + np.arange(n, dtype=np.int64)


def completed(flow: I64, day: int) -> I64:
    """Give the payments of a day that stand alone flows of their own, by their row."""
    return np.where(flow == ALONE, day * _A_DAY + np.arange(flow.size), flow)


def end_to_end_ids(seed: int, flow: I64) -> list[str]:
    """End-to-end id of each flow: 16 hex digits, different for different flows."""
    return [f"{word:016x}" for word in counter_hash(seed, "end-to-end", 0, flow).tolist()]
