"""Intermediate results on disk, so that a long run can be stopped and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

Arrays = Mapping[str, npt.NDArray[Any]]


class Kept:
    """Named sets of arrays in a folder; without one, nothing is kept.

    A name stands for one result only: a folder serves one data set, seed and version.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def arrays(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """What was kept under the name, or else what ``make`` gives."""
        if self._folder is None:
            return make()
        path = self._folder / f"{name}.safetensors"
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            save_file({key: np.ascontiguousarray(made) for key, made in make().items()}, part)
            part.replace(path)
        return load_file(path)
