"""The SELECT behind each documented view, in the dialect at hand."""

from __future__ import annotations

from typing import Final

from pipeline.store.dialect_sql import DialectSql
from schemas.score import Tier


def _tier_name(column: str) -> str:
    cases = " ".join(
        f"WHEN {int(tier)} THEN '{tier.name.lower().replace('_', ' ')}'" for tier in Tier
    )
    return f"CASE {column} {cases} END"


_LATEST_VERDICT: Final = """
    SELECT alert_id, verdict, analyst, decided_at, row_number() OVER (
        PARTITION BY alert_id ORDER BY decided_at DESC, disposition_id
    ) AS newest
    FROM dispositions
"""

_LATEST_REVISION: Final = """
    SELECT flags.*, row_number() OVER (
        PARTITION BY flag_id ORDER BY revision DESC
    ) AS newest, min(event_at) OVER (PARTITION BY flag_id) AS raised_at
    FROM flags
"""


def alerts(_: DialectSql) -> str:
    """Rows of ``v_alerts``."""
    return f"""
    SELECT a.alert_id, a.event_at, a.kind, a.entity, a.role, a.counterparty, a.amount,
        a.probability, a.lower, a.upper, a.band, a.threshold, a.events_seen,
        {_tier_name("a.tier")} AS tier, a.inner_steps, a.prompt_version, a.exposure, a.priority,
        a.action, r.code AS reason_code, r.text AS reason, a.path_seed, a.path_hops,
        a.path_text AS path, v.verdict, v.analyst, v.decided_at, a.uetr, a.dedup_key,
        a.model_version, a.scored_at, a.deadline_missed
    FROM alerts a
    LEFT JOIN alert_reasons r ON r.alert_id = a.alert_id AND r.position = 0
    LEFT JOIN ({_LATEST_VERDICT}) v ON v.alert_id = a.alert_id AND v.newest = 1
    """  # noqa: S608 - constants only


def alert_reasons(_: DialectSql) -> str:
    """Rows of ``v_alert_reasons``."""
    return """
    SELECT a.alert_id, a.event_at, a.entity, r.position + 1 AS rank, r.code, r.text AS reason,
        r.weight, r.evidence
    FROM alert_reasons r JOIN alerts a ON a.alert_id = r.alert_id
    """


def reason_yield(_: DialectSql) -> str:
    """Rows of ``v_reason_yield``."""
    return f"""
    SELECT r.code, count(*) AS alerts,
        count(v.verdict) AS decided,
        sum(CASE WHEN v.verdict = 'confirmed' THEN 1 ELSE 0 END) AS confirmed,
        sum(CASE WHEN v.verdict = 'cleared' THEN 1 ELSE 0 END) AS cleared,
        CAST(avg(CASE v.verdict WHEN 'confirmed' THEN 1.0 WHEN 'cleared' THEN 0.0 END)
            AS double precision) AS confirmed_share
    FROM alert_reasons r
    LEFT JOIN ({_LATEST_VERDICT}) v ON v.alert_id = r.alert_id AND v.newest = 1
    GROUP BY r.code
    """  # noqa: S608 - constants only


def current_flags(_: DialectSql) -> str:
    """Rows of ``v_current_flags``."""
    return f"""
    SELECT flag_id, kind, entity, state, severity, raised_at, event_at AS changed_at, expires_at,
        revision, alert_id, uetr, path_seed, path_hops, path_text AS path
    FROM ({_LATEST_REVISION}) f WHERE newest = 1
    """  # noqa: S608 - constants only


def flag_history(_: DialectSql) -> str:
    """Rows of ``v_flag_history``."""
    return """
    SELECT flag_id, revision, event_at, kind, entity, state, severity, expires_at, alert_id, uetr,
        path_seed, path_hops, path_text AS path
    FROM flags
    """


def counterparties(_: DialectSql) -> str:
    """Rows of ``v_counterparties``."""
    latest = "ORDER BY s.event_at DESC, s.events_seen DESC LIMIT 1"
    mine = "FROM scores s WHERE s.entity = e.entity"
    return f"""
    SELECT e.entity, CASE WHEN e.entity LIKE 'bank:%' THEN 'bank' ELSE 'party' END AS kind,
        e.first_seen, e.last_seen, e.payments, e.amount_total, e.probability_max,
        (SELECT s.probability {mine} {latest}) AS probability_last,
        (SELECT {_tier_name("s.tier")} {mine} {latest}) AS tier_last,
        (SELECT s.prompt_version {mine} {latest}) AS prompt_version,
        (SELECT s.model_version {mine} {latest}) AS model_version,
        coalesce((SELECT x.exposure FROM exposures x WHERE x.entity = e.entity
            ORDER BY x.event_at DESC, x.exposure_id LIMIT 1), 0.0) AS exposure,
        (SELECT count(*) FROM alerts a WHERE a.entity = e.entity) AS alerts,
        (SELECT count(*) FROM dispositions d
            WHERE d.entity = e.entity AND d.verdict = 'confirmed') AS confirmed,
        (SELECT count(*) FROM dispositions d
            WHERE d.entity = e.entity AND d.verdict = 'cleared') AS cleared,
        (SELECT count(*) FROM flags f WHERE f.entity = e.entity AND f.state <> 'cleared'
            AND f.revision = (SELECT max(g.revision) FROM flags g
                WHERE g.flag_id = f.flag_id)) AS open_flags
    FROM (
        SELECT entity, min(event_at) AS first_seen, max(event_at) AS last_seen,
            count(*) AS payments, sum(amount) AS amount_total, max(probability) AS probability_max
        FROM scores GROUP BY entity
    ) e
    """  # noqa: S608 - constants only


def score_history(sql: DialectSql) -> str:
    """Rows of ``v_score_history``."""
    return f"""
    SELECT entity, event_at, role, counterparty, amount, probability, lower, upper, band,
        events_seen, {_tier_name("tier")} AS tier, inner_steps, prompt_version, exposure,
        {sql.milliseconds("arrived_at", "scored_at")} AS latency_ms, deadline_ms,
        deadline_missed, queue_ms, encode_ms, score_ms, adapt_ms, uetr, score_id, model_version
    FROM scores
    """  # noqa: S608 - constants only


def tier_shares(sql: DialectSql) -> str:
    """Rows of ``v_tier_shares``."""
    day = sql.day("event_at")
    return f"""
    SELECT {day} AS day, {_tier_name("tier")} AS tier, count(*) AS scores,
        CAST(1.0 * count(*) / sum(count(*)) OVER (PARTITION BY {day}) AS double precision) AS share,
        sum(CASE WHEN deadline_missed THEN 1 ELSE 0 END) AS deadline_missed,
        avg({sql.milliseconds("arrived_at", "scored_at")}) AS latency_ms_mean,
        avg(probability) AS probability_mean
    FROM scores GROUP BY {day}, tier
    """  # noqa: S608 - constants only


def exposures(_: DialectSql) -> str:
    """Rows of ``v_exposures``."""
    return """
    SELECT entity, exposure, residual_bound, event_at, path_seed, path_hops, path_text AS path, uetr
    FROM (
        SELECT exposures.*, row_number() OVER (
            PARTITION BY entity ORDER BY event_at DESC, exposure_id
        ) AS newest FROM exposures
    ) x WHERE newest = 1
    """


def dispositions(sql: DialectSql) -> str:
    """Rows of ``v_dispositions``."""
    hours = sql.milliseconds("a.event_at", "d.decided_at")
    return f"""
    SELECT d.decided_at, d.alert_id, d.entity, d.verdict, d.analyst, d.note, a.kind,
        a.probability, a.amount, {hours} / 3600000.0 AS hours_open
    FROM dispositions d LEFT JOIN alerts a ON a.alert_id = d.alert_id
    """  # noqa: S608 - constants only


def dead_letters(_: DialectSql) -> str:
    """Rows of ``v_dead_letters``."""
    return """
    SELECT dead_letter_id, arrived_at, fault, field, hint, source_topic, source_partition,
        source_offset, original_size, preview
    FROM dead_letters
    """
