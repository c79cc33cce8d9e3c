"""What a benchmark's directory says of itself: how it was made, and the digest of every file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from pipeline.errors import ColdwireError

NAME: Final = "coldwire-cold-start"
VERSION: Final = "2"
"""Raised whenever the same size and seed would give other files."""

_FILE: Final = "manifest.json"
_MAKE: Final = "make it with: coldwire benchmark make --out DIR"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the files come from and what they are.

    Attributes:
        name, version, size, seed: together they decide every byte.
        worlds: by split, the configuration of its simulated world.
        counts: by split, rows and risky rows; for tasks by events seen.
        files: SHA-256 by path, relative to the directory.
    """

    size: str
    seed: int
    worlds: dict[str, dict[str, Any]]
    counts: dict[str, dict[str, dict[str, int]]]
    files: dict[str, str]
    name: str = NAME
    version: str = VERSION

    @property
    def data_id(self) -> str:
        """Twelve hexadecimal digits that change with any byte of any file."""
        lines = "".join(f"{self.files[path]}  {path}\n" for path in sorted(self.files))
        return hashlib.sha256(lines.encode()).hexdigest()[:12]

    def save(self, directory: Path) -> None:
        """Write it beside the files; written last, it says that they are whole."""
        text = json.dumps({**asdict(self), "data_id": self.data_id}, indent=1, sort_keys=True)
        (directory / _FILE).write_text(text + "\n")

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read a manifest and check every file against it.

        Raises:
            ColdwireError: there is none, or a file is missing or was changed.
        """
        path = directory / _FILE
        if not path.is_file():
            raise ColdwireError(f"no benchmark in {directory}", _MAKE)
        try:
            told = json.loads(path.read_text())
            told.pop("data_id")
            manifest = cls(**told)
        except (ValueError, TypeError, KeyError) as error:
            raise ColdwireError(f"the manifest {path} is damaged", _MAKE) from error
        if manifest.version != VERSION:
            raise ColdwireError(
                f"{directory} holds version {manifest.version}; this program reads {VERSION}", _MAKE
            )
        for name, expected in manifest.files.items():
            if not (directory / name).is_file() or digest_of(directory / name) != expected:
                raise ColdwireError(f"{directory / name} is missing or was changed", _MAKE)
        return manifest


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
