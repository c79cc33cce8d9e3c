"""One table of all topics: name, key, partitions, retention, compaction, schema."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.alert import Alert
from schemas.control import Control
from schemas.dead_letter import DeadLetter
from schemas.flag import Exposure, Flag
from schemas.payment import Payment
from schemas.records import Disposition, ExposureUpdate, FlagChange, Flow, Observation
from schemas.score import Score
from schemas.standing import Standing
from schemas.wire import Wire

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it must exist on the broker.

    ``retention_ms`` of -1 keeps records forever; compacted topics keep the newest record
    of a key. ``carries`` are the schemas of its values (none: packed bytes).
    """

    name: str
    key: str
    partitions: int
    carries: tuple[type[Wire], ...]
    retention_ms: int = 7 * DAY_MS
    compacted: bool = False


PAYMENTS = Topic("payments", "debtor agent", 4, (Payment,), retention_ms=-1)
DISPOSITIONS = Topic("dispositions", "entity", 1, (Disposition,), retention_ms=-1)
COUNTERPARTY_EVENTS = Topic(
    "counterparty-events",
    "entity",
    4,
    (Observation, ExposureUpdate, Disposition),
    retention_ms=-1,
)
GRAPH_EVENTS = Topic("graph-events", "none", 1, (Flow, FlagChange), retention_ms=-1)
PROFILES = Topic("profiles", "entity", 4, (), retention_ms=-1, compacted=True)
STANDINGS = Topic("standings", "entity", 4, (Standing,), retention_ms=-1, compacted=True)
RISK_SCORES = Topic("risk-scores", "entity", 4, (Score,))
RISK_ALERTS = Topic("risk-alerts", "entity", 4, (Alert,), retention_ms=30 * DAY_MS)
RISK_FLAGS = Topic("risk-flags", "entity", 1, (Flag,), retention_ms=30 * DAY_MS)
EXPOSURES = Topic("exposures", "entity", 1, (Exposure,))
DEAD_LETTERS = Topic("dead-letters", "none", 1, (DeadLetter,), retention_ms=30 * DAY_MS)
CONTROL = Topic("control", "worker", 1, (Control,))

TOPICS: tuple[Topic, ...] = (
    PAYMENTS,
    DISPOSITIONS,
    COUNTERPARTY_EVENTS,
    GRAPH_EVENTS,
    PROFILES,
    STANDINGS,
    RISK_SCORES,
    RISK_ALERTS,
    RISK_FLAGS,
    EXPOSURES,
    DEAD_LETTERS,
    CONTROL,
)
