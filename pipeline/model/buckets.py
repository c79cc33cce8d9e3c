"""Ranges of events seen: quality and calibration differ between them."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

BUCKETS: Final = ("0", "1-2", "3-5", "6-10", "11+")
_FIRST: Final = np.array([1, 3, 6, 11])


def bucket_of(events_seen: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Index into BUCKETS of each number of events seen before."""
    return np.searchsorted(_FIRST, events_seen, side="right")
