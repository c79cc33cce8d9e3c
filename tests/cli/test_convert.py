"""``coldwire convert`` end to end."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.convert import convert
from pipeline.errors import ColdwireError

_MAPPING = """\
name: acme
fields:
  created_at: {column: at}
  amount: {column: amount}
  debtor_account: {column: from}
  creditor_account: {column: to}
"""
_GOOD = "at,amount,from,to\n2026-01-05T14:30:00Z,5.00,a,b\n"
_BAD = _GOOD + "2026-01-05T14:31:00Z,five,a,b\n"


def _run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(convert)
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def own(tmp_path: Path) -> list[str]:
    (tmp_path / "mapping.yaml").write_text(_MAPPING)
    (tmp_path / "own.csv").write_text(_BAD)
    return [str(tmp_path / "own.csv"), "--mapping", str(tmp_path / "mapping.yaml")]


def test_a_check_writes_nothing_and_names_the_place(own: list[str], tmp_path: Path) -> None:
    result = _run(*own)
    assert result.exit_code == 1
    assert "line 3, column 2: amount: no amount" in result.output


def test_bad_rows_stop_the_conversion_unless_skipped(own: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    stopped = _run(*own, "--out", str(out))
    assert (stopped.exit_code, out.exists()) == (1, False)
    went_on = _run(*own, "--out", str(out), "--skip-bad-rows", "--json", "--start", "2026-03-02")
    assert went_on.exit_code == 0
    summary = json.loads(went_on.output)
    assert (summary["payments"], summary["bad_rows"]) == (1, 1)
    assert pl.read_parquet(out / "payments-2026-03-02.parquet").height == 1
    assert (out / "truth" / "sides-2026-03-02.parquet").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--data-set", "paysim"],
        ["--data-set", "s_ffsd"],
        ["--mapping", "nowhere.yaml"],
        ["--data-set", "s_ffsd", "--mapping", "nowhere.yaml"],
    ],
)
def test_a_users_mistake_has_a_fix(arguments: list[str], tmp_path: Path) -> None:
    result = _run(str(tmp_path), *arguments)
    assert isinstance(result.exception, ColdwireError)
    assert result.exception.fix


def test_a_mapping_of_another_file_is_a_users_mistake(own: list[str], tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a,b\n1,2\n")
    result = _run(*own)
    assert isinstance(result.exception, ColdwireError)
    assert "line 3, column 16" in result.exception.message
