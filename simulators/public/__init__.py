"""Public data sets, read from wherever the user keeps them; one file a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from simulators.canonical import Foreign
from simulators.public import amlsim_samples, fraud_detection_handbook, s_ffsd

DATA_SETS: Final[Mapping[str, Callable[[Path], Foreign]]] = {
    "amlsim_samples": amlsim_samples.read,
    "fraud_detection_handbook": fraud_detection_handbook.read,
    "s_ffsd": s_ffsd.read,
}
"""Reader of each data set, by name."""
