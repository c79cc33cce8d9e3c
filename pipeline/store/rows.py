"""Messages as rows and rows as messages; reading back gives what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.store.timestamp import to_text
from schemas.alert import Alert, GraphPath, Reason
from schemas.dead_letter import DeadLetter
from schemas.flag import Exposure, Flag
from schemas.ids import stable_id
from schemas.records import Disposition
from schemas.score import Score, StageTimings

Row = dict[str, Any]

_SCORE_PLAIN = (
    "score_id",
    "uetr",
    "entity",
    "counterparty",
    "amount",
    "probability",
    "lower",
    "upper",
    "threshold",
    "events_seen",
    "inner_steps",
    "prompt_version",
    "model_version",
    "exposure",
    "event_at",
    "arrived_at",
    "scored_at",
    "deadline_ms",
    "deadline_missed",
)
_ALERT_PLAIN = (
    "alert_id",
    "dedup_key",
    "priority",
    *(name for name in _SCORE_PLAIN if name != "score_id"),
)
_PREVIEW_BYTES = 200
_TIMINGS = tuple(StageTimings.model_fields)


def _storable(text: str) -> str:
    """Text from outside without what a database refuses: NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _timings(timings: StageTimings) -> Row:
    return {name: getattr(timings, name) for name in _TIMINGS}


def _paths(paths: Sequence[GraphPath]) -> Row:
    strongest = max(paths, key=lambda path: path.share, default=None)
    return {
        "paths": [path.model_dump(mode="json") for path in paths],
        "path_seed": strongest.seed if strongest else None,
        "path_hops": len(strongest.hops) if strongest else None,
        "path_text": strongest.text if strongest else None,
    }


def score_row(score: Score) -> Row:
    """The row of ``scores``."""
    row: Row = {name: getattr(score, name) for name in _SCORE_PLAIN}
    row["role"] = score.role.value
    row["band"] = score.band.value
    row["tier"] = int(score.tier)
    row.update(_timings(score.timings))
    return row


def alert_row(alert: Alert) -> Row:
    """The row of ``alerts``; the reasons have rows of their own."""
    row: Row = {name: getattr(alert, name) for name in _ALERT_PLAIN}
    row["kind"] = alert.kind.value
    row["role"] = alert.role.value
    row["band"] = alert.band.value
    row["action"] = alert.action.value
    row["tier"] = None if alert.tier is None else int(alert.tier)
    row.update(_paths(alert.paths))
    row.update(_timings(alert.timings))
    return row


def reason_rows(alert: Alert) -> list[Row]:
    """The rows of ``alert_reasons``, in the alert's order."""
    return [
        {
            "alert_id": alert.alert_id,
            "position": position,
            "code": reason.code,
            "text": reason.text,
            "weight": reason.weight,
            "evidence": reason.evidence,
        }
        for position, reason in enumerate(alert.reasons)
    ]


def flag_row(flag: Flag) -> Row:
    """The row of ``flags``: one revision."""
    return {
        "flag_id": flag.flag_id,
        "revision": flag.revision,
        "kind": flag.kind.value,
        "entity": flag.entity,
        "state": flag.state.value,
        "severity": flag.severity,
        "event_at": flag.event_at,
        "expires_at": flag.expires_at,
        "alert_id": flag.alert_id,
        "uetr": flag.uetr,
        **_paths(flag.paths),
    }


def exposure_row(exposure: Exposure) -> Row:
    """The row of ``exposures``."""
    return {
        "exposure_id": exposure.exposure_id,
        "entity": exposure.entity,
        "exposure": exposure.exposure,
        "residual_bound": exposure.residual_bound,
        "event_at": exposure.event_at,
        "uetr": exposure.uetr,
        **_paths(exposure.paths),
    }


def disposition_id(disposition: Disposition) -> str:
    """Id of a verdict: one analyst says one thing about one alert at one time."""
    return stable_id(
        "disposition",
        disposition.alert_id,
        disposition.analyst,
        to_text(disposition.decided_at),
        disposition.verdict.value,
    )


def disposition_row(disposition: Disposition) -> Row:
    """The row of ``dispositions``."""
    return {
        "disposition_id": disposition_id(disposition),
        "alert_id": disposition.alert_id,
        "entity": disposition.entity,
        "uetr": disposition.uetr,
        "verdict": disposition.verdict.value,
        "analyst": _storable(disposition.analyst),
        "decided_at": disposition.decided_at,
        "note": None if disposition.note is None else _storable(disposition.note),
    }


def dead_letter_row(letter: DeadLetter) -> Row:
    """The row of ``dead_letters``."""
    return {
        "dead_letter_id": letter.dead_letter_id,
        "source_topic": letter.topic,
        "source_partition": letter.partition,
        "source_offset": letter.offset,
        "fault": letter.fault.value,
        "field": _storable(letter.field),
        "hint": _storable(letter.hint),
        "arrived_at": letter.arrived_at,
        "original": letter.original,
        "preview": _storable(letter.original[:_PREVIEW_BYTES].decode("utf-8", "replace")),
        "original_size": letter.original_size,
    }


def _message_fields(row: Mapping[Any, Any]) -> Row:
    """A row without what it repeats of its paths, timings gathered again."""
    fields = {name: value for name, value in row.items() if not name.startswith("path_")}
    if "queue_ms" in fields:
        fields["timings"] = {name: fields.pop(name) for name in _TIMINGS}
    return fields


def score_of(row: Mapping[Any, Any]) -> Score:
    """The score that :func:`score_row` wrote."""
    return Score.model_validate(_message_fields(row))


def reason_of(row: Mapping[Any, Any]) -> Reason:
    """One reason that :func:`reason_rows` wrote."""
    return Reason.model_validate({name: row[name] for name in Reason.model_fields})


def alert_of(row: Mapping[Any, Any], reasons: Sequence[Reason]) -> Alert:
    """The alert that :func:`alert_row` and :func:`reason_rows` wrote."""
    return Alert.model_validate({**_message_fields(row), "reasons": tuple(reasons)})


def flag_of(row: Mapping[Any, Any]) -> Flag:
    """The revision that :func:`flag_row` wrote."""
    return Flag.model_validate(_message_fields(row))


def exposure_of(row: Mapping[Any, Any]) -> Exposure:
    """The exposure that :func:`exposure_row` wrote."""
    return Exposure.model_validate(_message_fields(row))


def disposition_of(row: Mapping[Any, Any]) -> Disposition:
    """The verdict that :func:`disposition_row` wrote."""
    return Disposition.model_validate({k: v for k, v in row.items() if k != "disposition_id"})


def dead_letter_of(row: Mapping[Any, Any]) -> DeadLetter:
    """The dead letter that :func:`dead_letter_row` wrote."""
    return DeadLetter.model_validate(
        {name.removeprefix("source_"): row[name] for name in row if name != "preview"}
    )
