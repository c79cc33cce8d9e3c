"""``coldwire flags`` and ``coldwire sql`` as an analyst types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.flags import app as flags_app
from pipeline.cli.sql import sql
from pipeline.errors import ColdwireError
from pipeline.store import FlagDatabase
from pipeline.store.views import VIEWS
from schemas.alert import AlertKind
from schemas.flag import Flag
from schemas.records import FlagState, Verdict
from tests.store import messages as m

CONTAGION = AlertKind.CONTAGION


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A filled database, named by the environment, on a terminal of 100 columns."""
    found = f"sqlite:///{tmp_path / 'flags.db'}"
    monkeypatch.setenv("COLDWIRE_DATABASE__URL", found)
    monkeypatch.setenv("COLUMNS", "100")
    hostile = m.disposition(2).model_copy(update={"note": "[red]a\x1b[2Jb"})
    with FlagDatabase.open(found) as database:
        database.migrate()
        database.write(
            [
                m.score(2), m.score(4, entity=2), m.alert(2), m.alert(4, entity=2, kind=CONTAGION),
                m.flag(2, cause=2), m.flag(2, revision=1, state=FlagState.LOWERED, cause=2),
                m.flag(4, entity=2, kind=CONTAGION, cause=4), m.exposure(4, entity=2), hostile,
                m.flag(5, entity=3), m.flag(5, entity=3, revision=1, state=FlagState.CLEARED),
                m.dead_letter(1),
            ]
        )  # fmt: skip
    return found


@pytest.fixture
def app() -> typer.Typer:
    whole = typer.Typer()
    whole.add_typer(flags_app, name="flags")
    whole.command()(sql)
    return whole


def run(app: typer.Typer, *arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result


def refused(app: typer.Typer, *arguments: str) -> ColdwireError:
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, ColdwireError)
    return error


def test_list_prints_open_flags_within_the_terminal(url: str, app: typer.Typer) -> None:
    output = run(app, "flags", "list").output
    assert m.flag(2).flag_id[:8] in output
    assert m.flag(4, entity=2, kind=CONTAGION).flag_id[:8] in output
    assert m.flag(5, entity=3).flag_id[:8] not in output
    assert max(map(len, output.splitlines())) <= 100


def test_list_as_json_obeys_every_filter(url: str, app: typer.Typer) -> None:
    def entities(*filters: str) -> list[str]:
        found = json.loads(run(app, "flags", "list", "--json", *filters).output)
        return [flag["entity"] for flag in found]

    assert entities() == [m.party(1), m.party(2)]
    assert entities("--limit", "1") == [m.party(1)]
    assert entities("--state", "cleared") == [m.party(3)]
    assert entities("--kind", "contagion") == [m.party(2)]
    assert entities("--entity", m.party(2)[:14]) == [m.party(2)]
    assert entities("--since", "2026-01-05T14:31:00Z") == [m.party(1)]
    assert entities("--since", "2026-01-06") == []


def test_list_that_finds_nothing_says_so(url: str, app: typer.Typer) -> None:
    assert "No flag matches" in run(app, "flags", "list", "--since", "2027-01-01").output


def test_show_prints_the_life_of_a_flag_and_its_alert(url: str, app: typer.Typer) -> None:
    flag = m.flag(2, cause=2)
    output = run(app, "flags", "show", flag.flag_id[:8]).output
    assert "lowered" in output
    assert "first payment to this party" in output
    document = json.loads(run(app, "flags", "show", flag.flag_id[:8], "--json").output)
    revisions = [Flag.model_validate_json(json.dumps(r)) for r in document["revisions"]]
    assert revisions == [flag, m.flag(2, revision=1, state=FlagState.LOWERED, cause=2)]
    assert document["alert"]["alert_id"] == flag.alert_id


def test_why_gives_reasons_paths_exposure_and_verdicts(url: str, app: typer.Typer) -> None:
    near = run(app, "flags", "why", m.party(2)).output
    assert "exposure to flagged money" in near
    assert m.path().text in near
    own = run(app, "flags", "why", m.alert(2).alert_id[:10]).output
    assert "a round sum" in own
    assert "confirmed by analyst-1" in own
    document = json.loads(run(app, "flags", "why", m.party(1), "--json").output)
    assert document["dispositions"][0]["verdict"] == Verdict.CONFIRMED
    assert [alert["alert_id"] for alert in document["alerts"]] == [m.alert(2).alert_id]


def test_note_of_an_analyst_cannot_steer_the_terminal(url: str, app: typer.Typer) -> None:
    for output in (
        run(app, "flags", "why", m.party(1)).output,
        run(app, "sql", "SELECT note FROM v_dispositions").output,
    ):
        assert "[red]a\ufffd[2Jb" in output


def test_sql_prints_table_csv_and_json(url: str, app: typer.Typer) -> None:
    query = "SELECT entity, payments FROM v_counterparties ORDER BY entity"
    expected = sorted([m.party(1), m.party(2)])
    assert expected[0] in run(app, "sql", query).output
    read = list(csv.reader(io.StringIO(run(app, "sql", query, "--csv").stdout)))
    assert read == [["entity", "payments"], [expected[0], "1"], [expected[1], "1"]]
    assert json.loads(run(app, "sql", query, "--json").stdout) == [
        {"entity": entity, "payments": 1} for entity in expected
    ]


def test_sql_shows_times_to_the_second_in_tables_and_whole_elsewhere(
    url: str, app: typer.Typer
) -> None:
    query = "SELECT event_at FROM v_alerts ORDER BY event_at LIMIT 1"
    assert "2026-01-05 14:30:02" in run(app, "sql", query).stdout
    whole = [{"event_at": "2026-01-05T14:30:02.000000Z"}]
    assert json.loads(run(app, "sql", query, "--json").stdout) == whole


def test_sql_says_when_the_limit_cuts(url: str, app: typer.Typer) -> None:
    result = run(app, "sql", "SELECT flag_id FROM flags", "--json", "--limit", "2")
    assert len(json.loads(result.stdout)) == 2
    assert "only the first 2 rows" in result.stderr
    whole = run(app, "sql", "SELECT flag_id FROM flags", "--json", "--limit", "0")
    assert len(json.loads(whole.stdout)) == 5


def test_sql_lists_every_documented_view(url: str, app: typer.Typer) -> None:
    listed = json.loads(run(app, "sql", "--views", "--json").stdout)
    assert [view["view"] for view in listed] == [view.name for view in VIEWS]
    output = run(app, "sql", "--views").output
    assert all(view.name in output for view in VIEWS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sql",), "no query"),
        (("sql", "SELECT 1", "--csv", "--json"), "exclude each other"),
        (("sql", "DELETE FROM flags"), "would change something"),
        (("sql", "SELECT nothing FROM v_alerts"), "nothing"),
        (("sql", "SELECT 1", "--database", "sqlite:///no/such/file.db"), "no flag database at"),
        (("flags", "show", "zz"), "no flag begins with 'zz'"),
        (("flags", "why", "party:zz"), "no entity begins with"),
        (("flags", "list", "--since", "yesterday"), "is no time"),
    ],
)
def test_mistakes_are_refused_with_a_fix(
    url: str, app: typer.Typer, arguments: tuple[str, ...], message: str
) -> None:
    error = refused(app, *arguments)
    assert message in error.message
    assert error.fix
