"""What a user's mistake looks like: one clear line, a fix, status 2, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COLDWIRE = [sys.executable, "-m", "pipeline.cli.main"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "200"} | variables
    return subprocess.run(
        [*COLDWIRE, *arguments], capture_output=True, text=True, env=environment, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (("up", "--for", "soon"), {}, "no duration"),
        (("agent", "nobody"), {}, "no worker named nobody"),
        (("agent", "ingest"), {}, "no broker is configured"),
        (("alerts", "tail"), {}, "no broker is configured"),
        (("replay", "nowhere.parquet"), {"BROKER": "x:1"}, "does not exist"),
        (("replay", "--rate", "1", "--speed", "1"), {"BROKER": "x:1"}, "exclude each other"),
        (("up", "--no-ui"), {"COLDWIRE_DEADLINE_MS": "soon"}, "COLDWIRE_DEADLINE_MS"),
        (("flags", "list", "--database", "sqlite:///nowhere/x.db"), {}, "no flag database"),
    ],
)
def test_a_mistake_is_answered_with_what_is_wrong_and_how_to_mend_it(
    arguments: tuple[str, ...], variables: dict[str, str], says: str, tmp_path: Path
) -> None:
    if "BROKER" in variables:
        variables = {"COLDWIRE_KAFKA__BOOTSTRAP_SERVERS": variables["BROKER"]}
    done = run(*arguments, COLDWIRE_DATA_DIR=str(tmp_path), **variables)
    assert done.returncode == 2
    assert says in done.stderr
    assert "fix" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_help_with_an_example() -> None:
    listed = run("--help").stdout
    names = [line.split()[1] for line in listed.splitlines() if line[:3] == "│ " + line[2:3]]
    commands = [name for name in names if name.isalpha() and name.islower()]
    assert {"up", "replay", "simulate", "doctor", "sql"} <= set(commands)
    for command in commands:
        shown = run(command, "--help").stdout
        assert "Example" in shown or "Commands" in shown, command
