"""The questions that analysts and the run summary ask."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pipeline.errors import ColdwireError
from pipeline.store import FlagDatabase, queries
from pipeline.store.ask import ask
from pipeline.store.tables import alerts
from schemas.alert import AlertKind
from schemas.records import FlagState, Verdict
from schemas.score import Tier
from tests.store import messages as m


@pytest.fixture
def filled(database: FlagDatabase) -> FlagDatabase:
    """Entity 1: alerted, flagged, lowered, confirmed. 2: near it. 3: flagged and cleared."""
    database.write(
        [
            m.score(1, tier=Tier.PRIOR), m.score(2, probability=0.7), m.score(3, late=True),
            m.score(4, entity=2, tier=Tier.ADAPTED), m.alert(2), m.alert(3),
            m.alert(4, entity=2, kind=AlertKind.CONTAGION),
            m.flag(2, cause=2), m.flag(2, revision=1, state=FlagState.LOWERED, cause=2),
            m.flag(4, entity=2, kind=AlertKind.CONTAGION, severity=0.4, cause=4),
            m.flag(5, entity=3), m.flag(5, entity=3, revision=1, state=FlagState.CLEARED),
            m.exposure(3, entity=2, value=0.1), m.exposure(4, entity=2, value=0.4),
            m.disposition(2), m.disposition(3, verdict=Verdict.CONFIRMED, hours=1),
            m.disposition(3, verdict=Verdict.CLEARED, hours=9), m.dead_letter(1),
        ]
    )  # fmt: skip
    return database


def test_open_flags_are_the_newest_revisions_that_are_not_cleared(filled: FlagDatabase) -> None:
    found = filled.read(queries.current_flags)
    assert [(f.entity, f.state, f.revision) for f in found] == [
        (m.party(1), FlagState.LOWERED, 1),
        (m.party(2), FlagState.RAISED, 0),
    ]
    assert found[0].raised_at == m.at(2)
    assert found[0].changed_at == m.at(62)
    assert found[0].reason == "first payment to this party"
    assert found[1].path == m.path().text


def test_flags_are_filtered_by_state_kind_entity_time_and_limit(filled: FlagDatabase) -> None:
    with filled.reading() as c:
        everything = queries.current_flags(c, states=tuple(FlagState))
        assert [f.entity for f in everything] == [m.party(3), m.party(1), m.party(2)]
        assert queries.current_flags(c, states=tuple(FlagState), limit=1) == everything[:1]
        assert [f.entity for f in queries.current_flags(c, kind=AlertKind.CONTAGION)] == [
            m.party(2)
        ]
        assert [f.entity for f in queries.current_flags(c, entity=m.party(1)[:12])] == [m.party(1)]
        assert [f.entity for f in queries.current_flags(c, since=m.at(62))] == [m.party(1)]
        assert queries.current_flags(c, since=m.at(63)) == []
        assert queries.current_flags(c, entity="%") == []


def test_history_of_a_flag_has_every_revision_in_order(filled: FlagDatabase) -> None:
    flag_id = m.flag(2).flag_id
    history = filled.read(lambda c: queries.flag_history(c, flag_id[:10]))
    assert history == [m.flag(2, cause=2), m.flag(2, revision=1, state=FlagState.LOWERED, cause=2)]


def test_unknown_and_ambiguous_ids_are_refused_with_the_fix(filled: FlagDatabase) -> None:
    with filled.reading() as c:
        with pytest.raises(ColdwireError, match="no flag begins with 'zz'"):
            queries.flag_history(c, "zz")
        with pytest.raises(ColdwireError, match="several match ''"):
            queries.flag_history(c, "")
        with pytest.raises(ColdwireError, match="no entity begins with 'bank:1'"):
            queries.why(c, "bank:1")
        with pytest.raises(ColdwireError, match="several match 'party:'"):
            queries.why(c, "party:")


def test_why_of_an_entity_gathers_all_that_concerns_it(filled: FlagDatabase) -> None:
    found = filled.read(lambda c: queries.why(c, m.party(1)))
    assert found.payments == 3
    assert found.alerts == (m.alert(3), m.alert(2))
    assert [f.entity for f in found.flags] == [m.party(1)]
    assert found.exposure is None
    assert [d.verdict for d in found.dispositions] == [
        Verdict.CLEARED, Verdict.CONFIRMED, Verdict.CONFIRMED,
    ]  # fmt: skip
    assert [s.uetr for s in found.scores] == [m.uetr(3), m.uetr(2), m.uetr(1)]


def test_why_of_an_alert_shows_that_alert_with_paths_and_exposure(filled: FlagDatabase) -> None:
    contagion = m.alert(4, entity=2, kind=AlertKind.CONTAGION)
    found = filled.read(lambda c: queries.why(c, contagion.alert_id[:12]))
    assert found.entity == m.party(2)
    assert found.alerts == (contagion,)
    assert found.exposure == m.exposure(4, entity=2, value=0.4)


def test_counts_of_an_empty_database_are_zero(database: FlagDatabase) -> None:
    found = database.read(queries.counts).as_dict()
    assert found.pop("scores_by_tier") == {"prior": 0, "in_context": 0, "adapted": 0}
    assert set(found.values()) == {0}


def test_counts_are_those_of_what_was_written(filled: FlagDatabase) -> None:
    assert filled.read(queries.counts).as_dict() == {
        "payments": 4, "scores": 4, "scores_by_tier": {"prior": 1, "in_context": 2, "adapted": 1},
        "deadline_missed": 1, "alerts_stored": 3, "contagion_alerts": 1, "flags": 3,
        "flags_open": 2, "exposures": 2, "dispositions": 3, "dead_letters": 1,
    }  # fmt: skip


def test_views_answer_the_same_in_plain_sql(filled: FlagDatabase) -> None:
    shares = ask(filled, "SELECT day, tier, scores, share FROM v_tier_shares ORDER BY tier")
    assert shares.rows == (
        ("2026-01-05", "adapted", 1, 0.25),
        ("2026-01-05", "in context", 2, 0.5),
        ("2026-01-05", "prior", 1, 0.25),
    )
    party = ask(
        filled,
        "SELECT payments, probability_max, probability_last, alerts, confirmed, cleared,"
        f" open_flags, exposure FROM v_counterparties WHERE entity = '{m.party(1)}'",
    )
    assert party.rows == ((3, 0.7, 0.1, 2, 2, 1, 1, 0.0),)
    yields = ask(filled, "SELECT * FROM v_reason_yield WHERE code = 'new_counterparty'")
    assert yields.rows == (("new_counterparty", 3, 2, 1, 1, 0.5),)
    late = ask(filled, "SELECT latency_ms FROM v_score_history WHERE deadline_missed")
    assert late.rows == ((12.0,),)
    latest = ask(filled, f"SELECT verdict FROM v_alerts WHERE alert_id = '{m.alert(3).alert_id}'")
    assert latest.rows == (("cleared",),)
    exposed = ask(filled, "SELECT exposure FROM v_exposures")
    assert exposed.rows == ((0.4,),)
    opened = ask(filled, "SELECT hours_open FROM v_dispositions ORDER BY hours_open")
    assert [round(row[0], 3) for row in opened.rows] == [1.0, 5.0, 9.0]


def test_answer_is_cut_at_the_limit_and_says_so(filled: FlagDatabase) -> None:
    assert ask(filled, "SELECT 1 FROM scores", limit=3).more
    assert len(ask(filled, "SELECT 1 FROM scores", limit=3).rows) == 3
    assert not ask(filled, "SELECT 1 FROM scores", limit=4).more


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM scores",
        "UPDATE scores SET amount = 0",
        "DROP VIEW v_alerts",
        "CREATE TABLE mine (n integer)",
        "SELECT 1; DELETE FROM scores",
        "COMMIT",
        "PRAGMA query_only = off",
        "ATTACH DATABASE 'other.db' AS other",
        "SET TRANSACTION READ WRITE",
        "WITH gone AS (DELETE FROM scores RETURNING 1) SELECT * FROM gone",
        "SELECT * FROM no_such_view",
        "",
    ],
)
def test_statement_that_is_no_question_is_refused_and_changes_nothing(
    filled: FlagDatabase, database_url: str, statement: str
) -> None:
    with FlagDatabase.open_read_only(database_url) as reader:
        with pytest.raises(ColdwireError):
            ask(reader, statement)
        assert ask(reader, "SELECT count(*) FROM scores").rows == ((4,),)
        assert ask(reader, "SELECT count(*) FROM v_alerts").rows == ((3,),)


def test_alerts_are_read_whole_the_newest_first(database: FlagDatabase) -> None:
    database.write([m.alert(n, reasons=(m.reason(),)) for n in range(40)])
    everything = alerts.c.alert_id.in_(select(alerts.c.alert_id))
    found = database.read(lambda c: queries.alerts_where(c, everything))
    assert found == [m.alert(n, reasons=(m.reason(),)) for n in reversed(range(40))]
    newest = database.read(lambda c: queries.alerts_where(c, everything, limit=3))
    assert newest == found[:3]
