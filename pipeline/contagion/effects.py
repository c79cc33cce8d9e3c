"""What the contagion worker publishes (exposures, flags, alerts), and which record caused it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.contagion.policy import ContagionFlag
from pipeline.moments import moment
from schemas import ids
from schemas.alert import Alert, AlertKind, GraphPath
from schemas.flag import Exposure, Flag
from schemas.records import ExposureUpdate, FlagChange, FlagState, Flow


@dataclass(frozen=True, slots=True)
class Cause:
    """The record being applied.

    Attributes:
        key: names it in ids.
        event_ms: its event time.
        ends: nodes whose contagion flags it renews.
        now_ms: time of processing, if that is measured.
    """

    record: Flow | FlagChange
    key: str
    event_ms: int
    ends: tuple[int, ...]
    now_ms: int | None


@dataclass(slots=True)
class ContagionEffects:
    """What a batch gives to publish, in the order in which it came about.

    ``repeats`` are records known before; ``ignored`` are payments to oneself or older than
    the horizon.
    """

    exposures: list[Exposure] = field(default_factory=list)
    updates: list[ExposureUpdate] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    flows: int = 0
    repeats: int = 0
    ignored: int = 0

    def expose(
        self, entity: str, exposure: float, bound: float, clock_ms: int, cause: Cause
    ) -> None:
        """Tell an entity's exposure and the bound of its error."""
        event_at = moment(clock_ms)
        self.exposures.append(
            Exposure(
                exposure_id=ids.stable_id("exposure", cause.key, entity),
                entity=entity,
                exposure=exposure,
                residual_bound=bound,
                event_at=event_at,
                uetr=cause.record.uetr,
            )
        )
        self.updates.append(
            ExposureUpdate(
                entity=entity, exposure=exposure, residual_bound=bound, event_at=event_at
            )
        )

    def flag(
        self,
        entity: str,
        flag: ContagionFlag,
        state: FlagState,
        clock_ms: int,
        cause: Cause,
        paths: tuple[GraphPath, ...] = (),
    ) -> None:
        """Tell the state of an entity's contagion flag; one that is cleared has no expiry."""
        cleared = state is FlagState.CLEARED
        self.flags.append(
            Flag(
                flag_id=flag.flag_id,
                revision=flag.revision,
                kind=AlertKind.CONTAGION,
                entity=entity,
                state=state,
                severity=flag.severity,
                event_at=moment(clock_ms),
                expires_at=None if cleared else moment(flag.expires_ms),
                alert_id=flag.alert_id,
                uetr=cause.record.uetr,
                paths=paths,
            )
        )
