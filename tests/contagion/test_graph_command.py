from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from lxml import etree
from typer.testing import CliRunner

from pipeline.cli.graph import graph
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.neighbourhood import core, neighbourhood
from pipeline.contagion.snapshot import save
from pipeline.errors import ColdwireError
from tests.contagion.stream import Log, bank, flag, flow, party, random_log

app = typer.Typer()
app.command()(graph)
LOG: Log = [
    (0, flow(0, party(1), party(2), 2.1e6)),
    (1, flow(1, party(2), party(3), 2.0e6, minutes=60)),
    (2, flow(2, party(9), party(3), 5.0, minutes=61)),
    (3, flow(3, party(3), party(4), 7.0, minutes=62)),
    (4, flag(party(1), minutes=63)),
]


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLDWIRE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLDWIRE_PSEUDONYM_KEY", "a key only for this test")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    engine = ContagionEngine()
    engine.process(LOG)
    save(engine, tmp_path / "graph.snapshot")
    return tmp_path / "graph.snapshot"


def test_neighbourhood_orders_places_along_the_money() -> None:
    engine = ContagionEngine()
    engine.process(LOG)
    scene = neighbourhood(engine, party(3), hops=1)
    columns = {place.entity: place.column for place in scene.places}
    assert columns == {party(3): 0, party(2): -1, party(9): -1, party(4): 1, party(1): -2}
    on_path = {(s.debtor, s.creditor) for s in scene.streams if s.on_path}
    assert on_path == {(party(1), party(2)), (party(2), party(3))}
    flagged = {place.entity for place in scene.places if place.severity > 0}
    assert flagged == {party(1)}
    assert {place.entity for place in scene.places if place.contagion} == {
        party(2),
        party(3),
        party(4),
    }


def test_page_and_drawing_are_well_formed_and_name_everyone(tmp_path: Path, snapshot: Path) -> None:
    for suffix in (".svg", ".html"):
        out = tmp_path / f"scene{suffix}"
        arguments = [party(3)[:12], "--snapshot", str(snapshot), "--out", str(out)]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        text = out.read_text()
        for entity in (party(1), party(2), party(3), party(4)):
            assert entity in text
        assert "$2.1 M in 1" in text
    etree.fromstring((tmp_path / "scene.svg").read_bytes())
    assert "2 payments, $2 M, from" in (tmp_path / "scene.html").read_text()


def test_recorded_graph_records_and_a_flag_of_the_users_own(tmp_path: Path) -> None:
    stream = tmp_path / "records.jsonl"
    stream.write_bytes(b"\n".join(record.to_bytes() for _, record in LOG[:4]))
    arguments = [party(3), "--stream", str(stream), "--flag", party(4), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    scene = json.loads(result.stdout)
    assert scene["exposure"] > 0.1
    assert scene["paths"][0]["seed"] == party(4)


def test_core_shows_the_links_that_carry_three_quarters() -> None:
    engine = ContagionEngine()
    engine.process(
        [
            (0, flow(0, bank(1), bank(2), 80.0, agents=(1, 2))),
            (1, flow(1, bank(2), bank(3), 15.0, agents=(2, 3))),
            (2, flow(2, bank(3), bank(1), 5.0, agents=(3, 1))),
        ]
    )
    scene = core(engine, 3)
    assert [place.entity for place in scene.places] == [bank(2), bank(1), bank(3)]
    assert [(s.debtor, s.creditor) for s in scene.streams] == [(bank(1), bank(2))]


def test_core_command_draws_every_chosen_bank(tmp_path: Path) -> None:
    engine = ContagionEngine()
    engine.process(random_log(1, 80, minutes_apart=5))
    save(engine, tmp_path / "graph.snapshot")
    out = tmp_path / "core.svg"
    arguments = ["core", "--snapshot", str(tmp_path / "graph.snapshot"), "--out", str(out)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    circles = etree.fromstring(out.read_bytes()).findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([party(3)], "nowhere to write"),
        ([party(3), "--out", "x.gif"], "neither .html nor .svg"),
        ([party(3), "--json", "--flag", party(1)], "--flag needs"),
        (["nobody", "--json", "--snapshot", "SNAPSHOT"], "does not know nobody"),
        (["party:", "--json", "--snapshot", "SNAPSHOT"], "entities begin with"),
        ([party(3), "--out", "no/such/x.svg", "--snapshot", "SNAPSHOT"], "cannot be written"),
        ([party(3), "--json"], "no snapshot"),
        ([party(3), "--json", "--stream", "missing.jsonl"], "no file"),
    ],
)
def test_mistakes_are_told_with_their_fix(
    snapshot: Path, arguments: list[str], message: str
) -> None:
    given = [str(snapshot) if a == "SNAPSHOT" else a for a in arguments]
    with pytest.raises(ColdwireError, match=message):
        CliRunner().invoke(app, given, catch_exceptions=False)


def test_broken_streams_are_told(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"record": "flow"}\n')
    (tmp_path / "bad.parquet").write_text("none")
    for name, message in (("bad.jsonl", "line 1"), ("bad.parquet", "not a Parquet")):
        arguments = [party(1), "--json", "--stream", str(tmp_path / name)]
        with pytest.raises(ColdwireError, match=message):
            CliRunner().invoke(app, arguments, catch_exceptions=False)
