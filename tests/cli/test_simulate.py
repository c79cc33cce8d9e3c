"""``coldwire simulate`` writes, resumes, and tells a user's mistake in one line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.replay import payments_of
from pipeline.cli.simulate import simulate
from pipeline.errors import ColdwireError
from pipeline.iso20022 import read_message
from schemas.payment import Payment
from simulators import files

app = typer.Typer()
app.command()(simulate)
runner = CliRunner()

SIZE = ["--participants", "40", "--parties", "300", "--seed", "3"]


def test_a_stopped_run_goes_on_with_the_missing_days(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "2", "--out", str(tmp_path), "--json"]
    first = runner.invoke(app, options)
    assert first.exit_code == 0
    assert json.loads(first.stdout)["days_written"] == 2
    next(tmp_path.glob("payments-2026-01-06.parquet")).unlink()
    again = json.loads(runner.invoke(app, options).stdout)
    assert (again["days_written"], again["days_skipped"]) == (1, 1)


def test_an_impossible_world_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="parties must be"):
        runner.invoke(app, ["--parties", "5", "--out", str(tmp_path)], catch_exceptions=False)


def test_another_worlds_directory_is_a_users_mistake(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "1", "--out", str(tmp_path)]
    assert runner.invoke(app, options).exit_code == 0
    with pytest.raises(ColdwireError, match="other options"):
        runner.invoke(app, [*options, "--risky-share", "0.1"], catch_exceptions=False)


def test_several_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for name, processes in (("one", "1"), ("two", "2")):
        options = ["--days", "2", "--out", str(tmp_path / name), "--processes", processes]
        assert runner.invoke(app, [*SIZE, *options]).exit_code == 0
    for path in sorted((tmp_path / "one").rglob("*.parquet")):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_xml_reads_back_as_the_payments(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "1", "--out", str(tmp_path), "--xml", "--payments-per-day", "60"]
    assert runner.invoke(app, options).exit_code == 0
    archive = next(tmp_path.glob("*.zip"))
    with zipfile.ZipFile(archive) as inside:
        documents = [read_message(inside.read(name)) for name in inside.namelist()]
    known = list(files.read_payments(next(tmp_path.glob("payments-*.parquet"))))
    assert [d for d in documents if isinstance(d, Payment)] == known
    assert len(documents) >= len(known) + 2
    assert list(payments_of(archive)) == known


def test_replay_names_the_document_that_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "payments-2026-01-05.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.xml", "<Document/>")
    with pytest.raises(ColdwireError, match=r"one\.xml: Document"):
        list(payments_of(path))
    path.write_bytes(b"no archive")
    with pytest.raises(ColdwireError, match="no ZIP archive"):
        list(payments_of(path))


def test_changes_over_time_stand_in_the_manifest(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "1", "--out", str(tmp_path)]
    options += ["--starts", "fan-in:3", "--starts", "exchanges:2", "--drift", "1:1.5:30"]
    assert runner.invoke(app, options).exit_code == 0
    switches = json.loads((tmp_path / "world.json").read_text())["switches"]
    assert switches["typology_days"] == [["fan-in", 3]]
    assert switches["family_days"] == [["exchanges", 2]]
    assert switches["drifts"] == [{"day": 1, "factor": 1.5, "minutes": 30.0}]


@pytest.mark.parametrize("wrong", [["--starts", "fan-in"], ["--drift", "soon"]])
def test_a_change_that_cannot_be_read_is_a_users_mistake(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="no change over time"):
        runner.invoke(app, [*SIZE, *wrong, "--out", str(tmp_path)], catch_exceptions=False)


def test_what_falls_into_an_outage_comes_at_its_end(tmp_path: Path) -> None:
    dark = "2026-01-05T15:00/2026-01-05T19:00"
    options = [*SIZE, "--days", "1", "--jsonl", "--out", str(tmp_path), "--outage", dark]
    assert runner.invoke(app, options).exit_code == 0
    with next(tmp_path.glob("*.jsonl")).open() as lines:
        created = [json.loads(line)["created_at"] for line in lines]
    dark_ones = [c for c in created if "2026-01-05T15:00" <= c < "2026-01-05T19:00"]
    after = [c for c in created if c >= "2026-01-05T19:00"]
    assert dark_ones
    place = created.index(dark_ones[0])
    assert created[place : place + len(dark_ones)] == dark_ones
    assert after[0] > dark_ones[-1]


def test_an_outage_that_ends_before_it_begins_is_a_users_mistake(tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--outage", "2026-01-06/2026-01-05"]
    with pytest.raises(ColdwireError, match="no outage"):
        runner.invoke(app, options, catch_exceptions=False)
