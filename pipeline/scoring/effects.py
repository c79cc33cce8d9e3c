"""What goes into the scoring engine and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from schemas.alert import Alert
from schemas.flag import Flag
from schemas.records import Disposition, ExposureUpdate, FlagChange, Observation
from schemas.score import Score, Tier

if TYPE_CHECKING:
    from pipeline.scoring.passage import Passage


class LogRecord(NamedTuple):
    """A record of the entity log and where it stands in it."""

    partition: int
    offset: int
    record: Observation | ExposureUpdate | Disposition


class Recorded(NamedTuple):
    """What the clock decided of a score when it was first published."""

    tier: Tier
    inner_steps: int


@dataclass(slots=True)
class Effects:
    """What a batch leads to, to be published before its state.

    Attributes:
        touched: entities whose state changes with the batch, once it is settled.
        adaptations: inner loops that were run, accepted or not.
        repeats: records that were recognised as applied before.
        deferred: work that the deadline put off; ``ProfileEngine.settle`` does it.
    """

    scores: list[Score] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    flag_changes: list[FlagChange] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    adaptations: int = 0
    repeats: int = 0
    deferred: Passage | None = None
