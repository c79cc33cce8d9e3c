"""Accounts become pseudonyms; the key stays here.

A customer is known downstream by a keyed hash of account and bank only (BLAKE2b with a
key, RFC 7693), so logs, topics and the flag database hold no account number, and nobody
without the key can test a guess.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Self

from pipeline.errors import ColdwireError

_SHORTEST_KEY = 16
_FILE_KEY_BYTES = 32
_PSEUDONYM_BYTES = 16
_KEY_USE = b"coldwire-key"
_PARTY_USE = b"coldwire-party"


def normal_account(account: str) -> str:
    """Write an account as one form: no blanks, capital letters (IBANs are often grouped)."""
    return "".join(account.split()).upper()


class Pseudonyms:
    """Names for parties, the same for the same key, account and bank.

    Args:
        key: at least 16 secret bytes.

    Raises:
        ColdwireError: the key is too short.
    """

    __slots__ = ("_hash",)

    def __init__(self, key: bytes) -> None:
        if len(key) < _SHORTEST_KEY:
            raise ColdwireError(
                f"the pseudonym key has fewer than {_SHORTEST_KEY} bytes",
                "set COLDWIRE_PSEUDONYM_KEY to a longer secret, or unset it",
            )
        derived = hashlib.blake2b(key, digest_size=hashlib.blake2b.MAX_KEY_SIZE, person=_KEY_USE)
        self._hash = hashlib.blake2b(
            key=derived.digest(), digest_size=_PSEUDONYM_BYTES, person=_PARTY_USE
        )

    def __repr__(self) -> str:
        return "Pseudonyms(key hidden)"

    @classmethod
    def from_key_file(cls, path: Path) -> Self:
        """Read the key from a file, which is made with a new key if it is not there.

        The file's text is the secret, so the same text in ``COLDWIRE_PSEUDONYM_KEY`` gives
        the same pseudonyms. Several workers may start at once: one file wins.

        Raises:
            ColdwireError: the file cannot be read or made, or others may read it.
        """
        try:
            if not path.exists():
                _create_key(path)
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ColdwireError(
                f"the pseudonym key {path} cannot be used: {error}",
                "correct the file or its folder, or set COLDWIRE_PSEUDONYM_KEY",
            ) from None
        if mode & 0o077:
            raise ColdwireError(
                f"others may read the pseudonym key {path} (mode {mode:o})",
                f"run: chmod 600 {path}",
            )
        return cls(text.encode())

    def party(self, account: str, agent: str) -> str:
        """Entity id of the customer with ``account`` at the bank ``agent`` (routing number)."""
        keyed = self._hash.copy()
        keyed.update(f"{agent}\x1f{normal_account(account)}".encode("utf-8", "surrogatepass"))
        return f"party:{keyed.hexdigest()}"


def bank_entity(routing_number: str) -> str:
    """Entity id of a participant; routing numbers are public."""
    return f"bank:{routing_number}"


def _create_key(path: Path) -> None:
    """Make the file whole or not at all; a file that another worker made first stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_FILE_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
