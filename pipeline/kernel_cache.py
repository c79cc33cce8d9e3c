"""Where compiled kernels are kept: apart for every state of the sources that make them.

numba's cache notices a change of the file that a kernel stands in, not of the modules whose
constants it was compiled with; a kernel of yesterday's fields would read today's wrongly.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent
_COMPILED_FROM: Final = (
    *("moments.py", "encoding/*.py", "model/architecture.py", "model/kernels.py"),
    *("model/key_values.py", "model/quick_scorer.py", "model/served_weights.py"),
)
"""Modules with kernels, and those whose constants kernels read."""


def keep_kernels_apart() -> None:
    """Name the folder to numba, which must not have been imported yet; yours wins."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "coldwire" / "kernels" / sources_digest(_PACKAGE)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))


def sources_digest(package: Path) -> str:
    """Twelve digits that change with any of the sources."""
    digest = hashlib.blake2b(digest_size=6)
    for pattern in _COMPILED_FROM:
        for path in sorted(package.glob(pattern)):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
