"""All profiles of a worker as a struct of arrays: entity → slot → row of every array.

A batch is one gather, one forward pass and one scatter; there is no object per
counterparty. Packing a profile copies its row of every array, in declared order, behind a
header that names the layout.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.fields import CARDINALITIES
from pipeline.encoding.history import Histories
from pipeline.errors import ColdwireError

Array = npt.NDArray[Any]

MAX_PACKED_BYTES: Final = 4096
MARKS: Final = 24
"""Records of an entity that are remembered to recognise repeats."""
MATTERS: Final = 6
"""Alerts of an entity that are remembered, with their dispositions."""

_MAGIC: Final = b"CWP1"
_HEADER_BYTES: Final = len(_MAGIC) + 4
_FIRST_SLOTS: Final = 256
_PACKED_CODES: Final = np.dtype(np.uint8 if max(CARDINALITIES) <= 256 else np.uint16)

_OWN: Final = np.dtype(
    [
        ("prompt_version", np.int32),
        ("calm_events", np.uint16),
        ("exposure", np.float32),
        ("exposure_ms", np.int64),
        ("partition", np.int32),
        ("offset", np.int64),
        ("arrival_ms", np.int64),
        ("mark_count", np.int32),
        ("mark_key", np.uint64, (MARKS,)),
        ("mark_offset", np.int64, (MARKS,)),
        ("flag_state", np.int8),
        ("flag_confirmed", np.bool_),
        ("flag_calm", np.int16),
        ("flag_revision", np.int32),
        ("flag_severity", np.float32),
        ("flag_expires_ms", np.int64),
        ("flag_id", np.uint8, (16,)),
        ("flag_alert", np.uint8, (16,)),
        ("flag_uetr", np.uint8, (16,)),
        ("matter_count", np.int32),
        ("matter_key", np.uint64, (MATTERS,)),
        ("matter_alert", np.uint64, (MATTERS,)),
        ("matter_ms", np.int64, (MATTERS,)),
        ("matter_band", np.int8, (MATTERS,)),
        ("matter_verdict", np.int8, (MATTERS,)),
        ("matter_decided_ms", np.int64, (MATTERS,)),
    ]
)
"""What a profile keeps beside histories and prompt: one record a slot, packed as it is."""


class Arena:
    """Profiles by slot.

    Attributes:
        histories: windows, counters and times of the encoding.
        prompt: [M, P, d] half precision; a new profile has the start prompt.
        state: [M, d] half precision, the language model's after the last event; zeros for none.
        prompt_version: adapted prompts accepted so far.
        calm_events: bit i is set if window event i scored low and may teach the prompt.
        mark_key, mark_offset: the newest :data:`MARKS` records, in a ring.
        flag_*: the direct flag, if any.
        matter_*: the newest alerts and what analysts said of them.
    """

    prompt_version: npt.NDArray[np.int32]
    calm_events: npt.NDArray[np.uint16]
    exposure: npt.NDArray[np.float32]
    exposure_ms: npt.NDArray[np.int64]
    partition: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int64]
    arrival_ms: npt.NDArray[np.int64]
    mark_count: npt.NDArray[np.int32]
    mark_key: npt.NDArray[np.uint64]
    mark_offset: npt.NDArray[np.int64]
    flag_state: npt.NDArray[np.int8]
    flag_confirmed: npt.NDArray[np.bool_]
    flag_calm: npt.NDArray[np.int16]
    flag_revision: npt.NDArray[np.int32]
    flag_severity: npt.NDArray[np.float32]
    flag_expires_ms: npt.NDArray[np.int64]
    flag_id: npt.NDArray[np.uint8]
    flag_alert: npt.NDArray[np.uint8]
    flag_uetr: npt.NDArray[np.uint8]
    matter_count: npt.NDArray[np.int32]
    matter_key: npt.NDArray[np.uint64]
    matter_alert: npt.NDArray[np.uint64]
    matter_ms: npt.NDArray[np.int64]
    matter_band: npt.NDArray[np.int8]
    matter_verdict: npt.NDArray[np.int8]
    matter_decided_ms: npt.NDArray[np.int64]

    def __init__(self, start_prompt: npt.NDArray[np.float16], slots: int = _FIRST_SLOTS) -> None:
        """Make an empty arena.

        Args:
            start_prompt: [P, d] prompt of a profile that was never adapted.
            slots: room to begin with; the arena doubles when it is full.

        Raises:
            ValueError: a packed profile would not fit :data:`MAX_PACKED_BYTES`.
        """
        self._start = start_prompt
        self._slot_of: dict[str, int] = {}
        self.histories = Histories.allocate(slots)
        self.prompt = np.broadcast_to(start_prompt, (slots, *start_prompt.shape)).copy()
        self.state = np.zeros((slots, start_prompt.shape[-1]), np.float16)
        self._take_own(np.zeros(slots, _OWN))
        self._layout = self._describe()
        self.packed_bytes = _HEADER_BYTES + sum(_row_bytes(a, d) for _, a, d in self._columns())
        if self.packed_bytes > MAX_PACKED_BYTES:
            raise ValueError(f"a profile takes {self.packed_bytes} bytes, more than 4 kB")

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, entity: str) -> bool:
        return entity in self._slot_of

    @property
    def entities(self) -> Sequence[str]:
        """Known entities in the order in which they came."""
        return list(self._slot_of)

    def slot(self, entity: str) -> int:
        """Slot of an entity; a new one gets the next free slot."""
        known = self._slot_of.get(entity)
        if known is not None:
            return known
        new = len(self._slot_of)
        if new == len(self.prompt):
            self._double()
        self._slot_of[entity] = new
        return new

    def slots(self, entities: Sequence[str]) -> npt.NDArray[np.intp]:
        """Slots of known entities.

        Raises:
            KeyError: an entity has no profile.
        """
        return np.array([self._slot_of[e] for e in entities], np.intp)

    def pack(self, entities: Sequence[str]) -> list[bytes]:
        """Bytes of profiles, each :attr:`packed_bytes` long.

        Raises:
            KeyError: an entity has no profile.
        """
        slots = self.slots(entities)
        header = np.frombuffer(_MAGIC + self._layout, np.uint8)
        table = np.empty((len(slots), self.packed_bytes), np.uint8)
        table[:, :_HEADER_BYTES] = header
        at = _HEADER_BYTES
        for _, array, dtype in self._columns():
            rows = np.ascontiguousarray(array[slots].astype(dtype, copy=False))
            end = at + _row_bytes(array, dtype)
            table[:, at:end] = rows.view(np.uint8).reshape(len(slots), end - at)
            at = end
        return [row.tobytes() for row in table]

    def restore(self, entity: str, packed: bytes) -> None:
        """Put a packed profile in its slot, replacing what is there.

        Raises:
            ColdwireError: the bytes were written under another layout.
        """
        if packed[:_HEADER_BYTES] != _MAGIC + self._layout or len(packed) != self.packed_bytes:
            raise ColdwireError(
                f"the stored profile of {entity} has another layout than this checkpoint",
                "start with the checkpoint that wrote it, or empty the profiles topic and "
                "replay counterparty-events",
            )
        slot = self.slot(entity)
        at = _HEADER_BYTES
        for _, array, dtype in self._columns():
            size = _row_bytes(array, dtype)
            value = np.frombuffer(packed, np.uint8, size, at).view(dtype)
            array[slot] = value.reshape(array.shape[1:])
            at += size

    def _columns(self) -> Iterator[tuple[str, Array, np.dtype[Any]]]:
        """Name, array and packed type of everything that a profile is, in packing order."""
        for name, array in self.histories.arrays().items():
            yield name, array, _PACKED_CODES if name == "codes" else array.dtype
        yield "prompt", self.prompt, self.prompt.dtype
        yield "state", self.state, self.state.dtype
        yield "own", self._own, self._own.dtype

    def _take_own(self, own: npt.NDArray[np.void], new_from: int = 0) -> None:
        """Keep these records and show their fields as attributes."""
        own["partition"][new_from:] = own["offset"][new_from:] = -1
        self._own = own
        for name in own.dtype.names or ():
            setattr(self, name, own[name])

    def _describe(self) -> bytes:
        """Checksum of names, types and shapes: a changed layout is never misread."""
        text = ";".join(f"{n}:{d.descr}:{a.shape[1:]}" for n, a, d in self._columns())
        return zlib.crc32(text.encode()).to_bytes(4, "little")

    def _double(self) -> None:
        old = len(self.prompt)
        self.histories = self.histories.grown(2 * old)
        start = np.broadcast_to(self._start, (old, *self._start.shape))
        self.prompt = np.concatenate([self.prompt, start])
        self.state = np.concatenate([self.state, np.zeros_like(self.state)])
        grown = np.zeros(2 * old, _OWN)
        grown[:old] = self._own
        self._take_own(grown, new_from=old)


def _row_bytes(array: Array, dtype: np.dtype[Any]) -> int:
    return dtype.itemsize * math.prod(array.shape[1:])
