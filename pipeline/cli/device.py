"""Where torch computes."""

from __future__ import annotations

import torch

from pipeline.errors import ColdwireError
from pipeline.model.recipe import DEVICES


def check_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        ColdwireError: there is none on this machine.
    """
    if name not in DEVICES:
        raise ColdwireError(f"there is no device {name}", f"give {' or '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ColdwireError("torch sees no GPU here", "give --device cpu")
    return torch.device(name)
