"""``coldwire desk`` decides stored alerts from the truth of a simulated world."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.desk import desk
from pipeline.errors import ColdwireError
from pipeline.store import FlagDatabase
from schemas.records import Verdict
from simulators.desk import read_dispositions
from tests.store import messages as m

app = typer.Typer()
app.command()(desk)


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """A world in which payment 1 is risky on its debtor side, and alerts on 1 and 2."""
    url = f"sqlite:///{tmp_path / 'flags.db'}"
    with FlagDatabase.open(url) as database:
        database.migrate()
        database.write([m.alert(1, entity=1), m.alert(2, entity=2)])
    (tmp_path / "truth").mkdir()
    pl.DataFrame(
        {
            "uetr": [m.uetr(1), m.uetr(2)],
            "debtor_risky": [True, False],
            "creditor_risky": [False, False],
        }
    ).write_parquet(tmp_path / "truth" / "sides-2026-01-05.parquet")
    out = str(tmp_path / "dispositions.jsonl")
    return ["--world", str(tmp_path), "--out", out, "--database", url, "--error-rate", "0"]


def test_verdicts_follow_the_truth_and_are_written_in_order(
    options: list[str], tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, [*options, "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["alerts"], summary["confirmed"], summary["cleared"]) == (2, 1, 1)
    found = {d.uetr: d.verdict for d in read_dispositions(tmp_path / "dispositions.jsonl")}
    assert found == {m.uetr(1): Verdict.CONFIRMED, m.uetr(2): Verdict.CLEARED}
    assert "2 matters decided" in CliRunner().invoke(app, options).output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--analysts", "0"], "analysts"),
        (["--send"], "no broker is configured"),
        (["--world", "no/such/world"], "there is no truth"),
        (["--out", "no/such/folder/file"], "cannot be written"),
    ],
)
def test_mistakes_are_refused_with_a_fix(
    options: list[str], change: list[str], message: str
) -> None:
    error = CliRunner().invoke(app, [*options, *change]).exception
    assert isinstance(error, ColdwireError)
    assert message in error.message
