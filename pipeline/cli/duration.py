"""Durations as people type them: ``90s``, ``2m``, ``1h``, or plain seconds."""

from __future__ import annotations

import re

from pipeline.errors import ColdwireError

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds(text: str) -> float:
    """Read a duration.

    Raises:
        ColdwireError: it is not one.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if found is None or float(found.group(1)) == 0:
        raise ColdwireError(f"{text!r} is no duration", "write it as 90s, 2m or 1h")
    return float(found.group(1)) * _SECONDS[found.group(2)]
