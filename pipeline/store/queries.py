"""What analysts and the run summary ask of the flag database.

Every question takes a connection of :meth:`FlagDatabase.reading`, so that one answer rests
on one snapshot. Ids and entities may be given by their first characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    column,
    func,
    literal_column,
    select,
    table,
    union,
)

from pipeline.errors import ColdwireError
from pipeline.store import rows
from pipeline.store.tables import (
    alert_reasons,
    alerts,
    dead_letters,
    dispositions,
    exposures,
    flags,
    scores,
)
from pipeline.store.timestamp import UtcTime
from schemas.alert import Alert, AlertKind, Reason
from schemas.flag import Exposure, Flag
from schemas.records import Disposition, FlagState
from schemas.score import Score, Tier

_AMBIGUOUS_SHOWN: Final = 4

_current = table(
    "v_current_flags",
    *(column(name) for name in ("flag_id", "kind", "entity", "state", "severity", "alert_id")),
    *(column(name, UtcTime) for name in ("raised_at", "changed_at", "expires_at")),
    *(column(name) for name in ("revision", "uetr", "path")),
)


@dataclass(frozen=True, slots=True)
class CurrentFlag:
    """A flag as it stands now, with the first reason of the alert that caused it."""

    flag_id: str
    kind: AlertKind
    entity: str
    state: FlagState
    severity: float
    raised_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    revision: int
    alert_id: str | None
    uetr: str | None
    path: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """Why an entity, or one alert of it, stands out; newest first.

    Attributes:
        entity: its full id.
        payments: payments scored on its side.
        alerts: with all reasons and paths; only the one asked for if it was an alert.
        flags: not only open ones.
        exposure: the latest, if it ever was near a flagged entity.
        dispositions: what analysts decided.
        scores: the last ones.
    """

    entity: str
    payments: int
    alerts: tuple[Alert, ...]
    flags: tuple[CurrentFlag, ...]
    exposure: Exposure | None
    dispositions: tuple[Disposition, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run left behind, for its summary.

    Attributes:
        payments: payments with at least one score.
        flags: flags ever raised, direct and contagion; ``flags_open`` are not cleared.
    """

    payments: int
    scores: int
    scores_by_tier: dict[str, int]
    deadline_missed: int
    alerts_stored: int
    contagion_alerts: int
    flags: int
    flags_open: int
    exposures: int
    dispositions: int
    dead_letters: int

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain JSON values."""
        return asdict(self)


def _single(found: Sequence[str], subject: str, noun: str) -> str:
    """The one id that begins as asked.

    Raises:
        ColdwireError: none does, or several do.
    """
    if not found:
        raise ColdwireError(
            f"no {noun} begins with '{subject}'", "list the flags with `coldwire flags list`"
        )
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:_AMBIGUOUS_SHOWN])
        raise ColdwireError(f"several match '{subject}': {shown}, …", "give more characters")
    return found[0]


def _beginning(ids: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    return ids.startswith(prefix, autoescape=True)


def _flag(row: Row[Any]) -> CurrentFlag:
    fields = dict(row._mapping)
    fields["kind"] = AlertKind(fields["kind"])
    fields["state"] = FlagState(fields["state"])
    return CurrentFlag(**fields)


def _flags_with_reason() -> Select[Any]:
    reason = alert_reasons.c.text.label("reason")
    first = (alert_reasons.c.alert_id == _current.c.alert_id) & (alert_reasons.c.position == 0)
    return select(*_current.c, reason).outerjoin(alert_reasons, first)


def current_flags(
    connection: Connection,
    *,
    states: Sequence[FlagState] = (FlagState.RAISED, FlagState.LOWERED),
    kind: AlertKind | None = None,
    entity: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[CurrentFlag]:
    """Flags as they stand now, the latest change first.

    Args:
        connection: of :meth:`FlagDatabase.reading`.
        states: states to include; by default the open ones.
        kind: direct or contagion only.
        entity: first characters of an entity.
        since: changed at or after this moment.
        limit: at most so many.
    """
    query = _flags_with_reason().where(_current.c.state.in_([state.value for state in states]))
    if kind is not None:
        query = query.where(_current.c.kind == kind.value)
    if entity is not None:
        query = query.where(_beginning(_current.c.entity, entity))
    if since is not None:
        query = query.where(_current.c.changed_at >= since)
    query = query.order_by(_current.c.changed_at.desc(), _current.c.flag_id).limit(limit)
    return [_flag(row) for row in connection.execute(query)]


def flag_history(connection: Connection, prefix: str) -> list[Flag]:
    """All revisions of the flag whose id begins as given, oldest first.

    Raises:
        ColdwireError: no flag or several begin so.
    """
    ids = select(flags.c.flag_id).where(_beginning(flags.c.flag_id, prefix)).distinct()
    flag_id = _single(connection.scalars(ids.limit(_AMBIGUOUS_SHOWN)).all(), prefix, "flag")
    query = select(flags).where(flags.c.flag_id == flag_id).order_by(flags.c.revision)
    return [rows.flag_of(row) for row in connection.execute(query).mappings()]


def alerts_where(
    connection: Connection, condition: ColumnElement[bool], limit: int | None = None
) -> list[Alert]:
    """Alerts with all their reasons, the latest event first."""
    newest = select(alerts).where(condition)
    newest = newest.order_by(alerts.c.event_at.desc(), alerts.c.alert_id).limit(limit)
    # A subquery, not a list of ids: databases limit the values of one statement.
    ids = newest.with_only_columns(alerts.c.alert_id).subquery()
    own = select(alert_reasons).join(ids, ids.c.alert_id == alert_reasons.c.alert_id)
    found = connection.execute(newest).mappings().all()
    reasons: dict[str, list[Reason]] = {row["alert_id"]: [] for row in found}
    for row in connection.execute(own.order_by(alert_reasons.c.position)).mappings():
        reasons[row["alert_id"]].append(rows.reason_of(row))
    return [rows.alert_of(row, reasons[row["alert_id"]]) for row in found]


def alert_of_id(connection: Connection, alert_id: str) -> Alert | None:
    """The alert of that full id, if it has arrived."""
    return next(iter(alerts_where(connection, alerts.c.alert_id == alert_id)), None)


def _entity_of(connection: Connection, prefix: str) -> str:
    known = union(
        *(
            select(source.c.entity).where(_beginning(source.c.entity, prefix))
            for source in (scores, alerts, flags, exposures)
        )
    ).limit(_AMBIGUOUS_SHOWN)
    return _single([str(name) for name in connection.scalars(known)], prefix, "entity")


def why(connection: Connection, subject: str, *, limit: int = 5) -> Why:
    """Everything that explains an entity or an alert.

    Args:
        connection: of :meth:`FlagDatabase.reading`.
        subject: an entity (``bank:…``, ``party:…``) or an alert id, or its beginning.
        limit: at most so many alerts, flags, dispositions and scores.

    Raises:
        ColdwireError: nothing or more than one thing begins so.
    """
    if ":" in subject:
        entity = _entity_of(connection, subject)
        found = alerts_where(connection, alerts.c.entity == entity, limit)
    else:
        ids = select(alerts.c.alert_id).where(_beginning(alerts.c.alert_id, subject))
        alert_id = _single(connection.scalars(ids.limit(_AMBIGUOUS_SHOWN)).all(), subject, "alert")
        found = alerts_where(connection, alerts.c.alert_id == alert_id)
        entity = found[0].entity
    mine = select(scores).where(scores.c.entity == entity)
    last_scores = mine.order_by(scores.c.event_at.desc(), scores.c.events_seen.desc()).limit(limit)
    exposed = select(exposures).where(exposures.c.entity == entity)
    last_exposed = exposed.order_by(exposures.c.event_at.desc(), exposures.c.exposure_id).limit(1)
    exposure = connection.execute(last_exposed).mappings().first()
    decided = select(dispositions).where(dispositions.c.entity == entity)
    verdicts = decided.order_by(dispositions.c.decided_at.desc()).limit(limit)
    return Why(
        entity=entity,
        payments=connection.scalar(select(func.count()).select_from(mine.subquery())) or 0,
        alerts=tuple(found),
        flags=tuple(current_flags(connection, states=tuple(FlagState), entity=entity, limit=limit)),
        exposure=rows.exposure_of(exposure) if exposure else None,
        dispositions=tuple(map(rows.disposition_of, connection.execute(verdicts).mappings())),
        scores=tuple(map(rows.score_of, connection.execute(last_scores).mappings())),
    )


def counts(connection: Connection) -> Counts:
    """Count what is stored."""

    def number(query: Select[Any]) -> int:
        return int(connection.scalar(query) or 0)

    def all_of(source: Any, *conditions: ColumnElement[bool]) -> int:
        return number(select(func.count()).select_from(source).where(*conditions))

    late = func.sum(case((scores.c.deadline_missed, 1), else_=0))
    by_tier = select(scores.c.tier, func.count(), late).group_by(scores.c.tier)
    tiers = {Tier(row[0]): (int(row[1]), int(row[2])) for row in connection.execute(by_tier)}
    is_open = literal_column("state") != FlagState.CLEARED.value
    return Counts(
        payments=number(select(func.count(scores.c.uetr.distinct()))),
        scores=sum(count for count, _ in tiers.values()),
        scores_by_tier={tier.name.lower(): tiers.get(tier, (0, 0))[0] for tier in Tier},
        deadline_missed=sum(missed for _, missed in tiers.values()),
        alerts_stored=all_of(alerts),
        contagion_alerts=all_of(alerts, alerts.c.kind == AlertKind.CONTAGION.value),
        flags=all_of(_current),
        flags_open=all_of(_current, is_open),
        exposures=all_of(exposures),
        dispositions=all_of(dispositions),
        dead_letters=all_of(dead_letters),
    )
