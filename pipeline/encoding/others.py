"""What the last events' other sides had in common: newcomers, busy ones, old acquaintances.

The window keeps an event's codes, and with them the standing that its other side had then.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from pipeline.encoding.fields import FIELDS
from pipeline.encoding.history import WINDOW, Histories

_POOLED: Final = (
    *("standing_events", "standing_days_known", "standing_n_same_1d", "standing_acceleration"),
)
OTHERS: Final = tuple(
    f"others_{name.removeprefix('standing_')}_{how}"
    for name in _POOLED
    for how in ("mean", "min", "max")
)
"""Names of the columns: codes of a standing's fields, pooled over the window."""
_FIELD: Final = np.array([[f.name for f in FIELDS].index(name) for name in _POOLED])


def others(histories: Histories, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Pool the windows of slots, [N, len(OTHERS)], NaN where no event says anything."""
    values = np.full((len(slots), len(OTHERS)), np.nan, np.float32)
    _pool(slots, histories.count, histories.codes, values)
    return values


@njit(nogil=True, cache=True)
def _pool(slots: Any, count: Any, codes: Any, values: Any) -> None:
    for row in range(len(slots)):
        slot = slots[row]
        events = min(count[slot], WINDOW)
        for i in range(len(_FIELD)):
            known, total, least, most = 0, 0, 32767, 0
            for t in range(events):
                code = codes[slot, t, _FIELD[i]]
                if code > 0:
                    known += 1
                    total += code
                    least, most = min(least, code), max(most, code)
            if known:
                values[row, 3 * i] = np.float32(total / known)
                values[row, 3 * i + 1], values[row, 3 * i + 2] = least, most
