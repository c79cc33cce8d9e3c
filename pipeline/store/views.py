"""The documented views that analysts query; tables may change, views keep their columns.

A changed view needs a new version under ``migrations/versions``, which records
:func:`views_digest`; :meth:`FlagDatabase.migrate` then makes all views anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from pipeline.store import view_sql
from pipeline.store.dialect_sql import DialectSql


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what it answers, and each column with its meaning."""

    name: str
    purpose: str
    columns: Mapping[str, str]
    sql: Callable[[DialectSql], str]


_ENTITY = "`bank:<routing number>` or `party:<keyed hash>`"
_PATH_COLUMNS: Final = {
    "path_seed": "flagged entity at the start of the strongest path",
    "path_hops": "its length",
    "path": "the path in words",
}

VIEWS: Final[tuple[View, ...]] = (
    View(
        "v_alerts",
        "one row an alert, with its first reason, strongest path and latest verdict",
        {
            "alert_id": "id; the same on every replay",
            "event_at": "when the payment was made",
            "kind": "direct (own behaviour) or contagion (near flagged money)",
            "entity": _ENTITY,
            "role": "debtor or creditor: the entity's side of the payment",
            "counterparty": "the entity at the other end",
            "amount": "US dollars",
            "probability": "calibrated probability of risk; empty for contagion alerts",
            "lower": "lower end of its interval",
            "upper": "upper end of its interval",
            "band": "low, elevated, high or critical",
            "threshold": "what the probability or exposure had to reach",
            "events_seen": "payments of the entity before this one",
            "tier": "what the score rests on: prior, in context or adapted",
            "inner_steps": "adaptation steps taken after this payment",
            "prompt_version": "adapted prompts accepted before it",
            "exposure": "share of the entity's money near flagged entities",
            "priority": "entity risk times systemic impact",
            "action": "advice: review, hold-and-review or call-back",
            "reason_code": "code of the first reason",
            "reason": "the first reason in words",
            **_PATH_COLUMNS,
            "verdict": "latest verdict: confirmed or cleared; empty while undecided",
            "analyst": "who gave it",
            "decided_at": "when",
            "uetr": "reference of the payment",
            "dedup_key": "alerts with the same key concern the same matter",
            "model_version": "model that scored",
            "scored_at": "when it was scored (wall clock)",
            "deadline_missed": "whether the score came late",
        },
        view_sql.alerts,
    ),
    View(
        "v_alert_reasons",
        "every reason of every alert, with its numbers",
        {
            "alert_id": "the alert",
            "event_at": "when its payment was made",
            "entity": _ENTITY,
            "rank": "1 is the strongest",
            "code": "code of the reason",
            "reason": "the reason in words",
            "weight": "share of the score that it explains",
            "evidence": "its numbers, as JSON",
        },
        view_sql.alert_reasons,
    ),
    View(
        "v_reason_yield",
        "how often alerts with a reason were confirmed",
        {
            "code": "code of the reason",
            "alerts": "alerts that carry it",
            "decided": "of these, alerts with a verdict",
            "confirmed": "latest verdict confirmed",
            "cleared": "latest verdict cleared",
            "confirmed_share": "confirmed among decided; empty when none is decided",
        },
        view_sql.reason_yield,
    ),
    View(
        "v_current_flags",
        "one row a flag, as it stands now",
        {
            "flag_id": "id; stays the same over the flag's life",
            "kind": "direct or contagion",
            "entity": _ENTITY,
            "state": "raised, lowered or cleared",
            "severity": "0 to 1",
            "raised_at": "time of its first revision",
            "changed_at": "time of its newest revision",
            "expires_at": "when it ends unless renewed",
            "revision": "changes since it was raised",
            "alert_id": "alert that caused the newest revision",
            "uetr": "payment that caused it",
            **_PATH_COLUMNS,
        },
        view_sql.current_flags,
    ),
    View(
        "v_flag_history",
        "every revision of every flag",
        {
            "flag_id": "the flag",
            "revision": "0 is the raising",
            "event_at": "when the state changed",
            "kind": "direct or contagion",
            "entity": _ENTITY,
            "state": "raised, lowered or cleared",
            "severity": "0 to 1",
            "expires_at": "when it ends unless renewed",
            "alert_id": "alert that caused the change",
            "uetr": "payment that caused it",
            **_PATH_COLUMNS,
        },
        view_sql.flag_history,
    ),
    View(
        "v_counterparties",
        "one row an entity that was scored: where it stands and how it came there",
        {
            "entity": _ENTITY,
            "kind": "bank or party",
            "first_seen": "time of its first payment",
            "last_seen": "time of its last payment",
            "payments": "payments scored on its side",
            "amount_total": "their sum in US dollars",
            "probability_max": "highest probability so far",
            "probability_last": "probability at its last payment",
            "tier_last": "what that score rests on",
            "prompt_version": "adapted prompts accepted by then",
            "model_version": "model that scored last",
            "exposure": "latest share of its money near flagged entities; 0 if never near",
            "alerts": "alerts so far",
            "confirmed": "verdicts that confirmed one",
            "cleared": "verdicts that cleared one",
            "open_flags": "flags that are not cleared",
        },
        view_sql.counterparties,
    ),
    View(
        "v_score_history",
        "every score: filter by entity to see a counterparty's history",
        {
            "entity": _ENTITY,
            "event_at": "when the payment was made",
            "role": "debtor or creditor",
            "counterparty": "the entity at the other end",
            "amount": "US dollars",
            "probability": "calibrated probability of risk",
            "lower": "lower end of its interval",
            "upper": "upper end of its interval",
            "band": "low, elevated, high or critical",
            "events_seen": "payments of the entity before this one",
            "tier": "prior, in context or adapted",
            "inner_steps": "adaptation steps taken after this payment",
            "prompt_version": "adapted prompts accepted before it",
            "exposure": "share of its money near flagged entities",
            "latency_ms": "broker arrival to score (wall clock)",
            "deadline_ms": "what was allowed",
            "deadline_missed": "whether it came late",
            "queue_ms": "wait before the batch began",
            "encode_ms": "payment and profile into numbers",
            "score_ms": "the model",
            "adapt_ms": "the inner steps",
            "uetr": "reference of the payment",
            "score_id": "id; the same on every replay",
            "model_version": "model that scored",
        },
        view_sql.score_history,
    ),
    View(
        "v_tier_shares",
        "what the scores of each day rest on, and how long they took",
        {
            "day": "day of the payments, UTC",
            "tier": "prior, in context or adapted",
            "scores": "scores of that tier",
            "share": "of the day's scores",
            "deadline_missed": "of these, late ones",
            "latency_ms_mean": "mean from broker arrival to score",
            "probability_mean": "mean probability",
        },
        view_sql.tier_shares,
    ),
    View(
        "v_exposures",
        "the latest exposure of each entity to flagged ones, with the strongest path",
        {
            "entity": _ENTITY,
            "exposure": "share of its money near flagged entities",
            "residual_bound": "error bound of that share",
            "event_at": "when it was computed, in event time",
            **_PATH_COLUMNS,
            "uetr": "payment that moved it",
        },
        view_sql.exposures,
    ),
    View(
        "v_dispositions",
        "every verdict, beside its alert",
        {
            "decided_at": "when",
            "alert_id": "the alert",
            "entity": _ENTITY,
            "verdict": "confirmed or cleared",
            "analyst": "who gave it",
            "note": "the analyst's words",
            "kind": "direct or contagion",
            "probability": "of the alert",
            "amount": "of its payment, US dollars",
            "hours_open": "from the payment to the verdict",
        },
        view_sql.dispositions,
    ),
    View(
        "v_dead_letters",
        "inputs that could not be read, and what to change",
        {
            "dead_letter_id": "id",
            "arrived_at": "broker time",
            "fault": "why it was refused",
            "field": "path of the field at fault; empty for the whole",
            "hint": "what to change",
            "source_topic": "where it came from",
            "source_partition": "its partition",
            "source_offset": "its offset",
            "original_size": "bytes of the input",
            "preview": "its first 200 bytes as text; what is no text shows as �",
        },
        view_sql.dead_letters,
    ),
)


def views_digest() -> str:
    """Fingerprint of all views in both dialects, as the newest version must record it."""
    digest = hashlib.blake2b(digest_size=8)
    for view in VIEWS:
        for dialect in ("sqlite", "postgresql"):
            digest.update(f"{view.name}\n{view.sql(DialectSql(dialect))}\n".encode())
    return digest.hexdigest()


def create_views(connection: Connection) -> None:
    """Make all views."""
    sql = DialectSql(connection.dialect.name)
    for view in VIEWS:
        connection.exec_driver_sql(sql.literal(f"CREATE VIEW {view.name} AS {view.sql(sql)}"))


def drop_views(connection: Connection) -> None:
    """Drop all views that are there."""
    for view in reversed(VIEWS):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view.name}")
