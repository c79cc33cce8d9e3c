"""What a user's mistake looks like: one clear line, a fix, status 2, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.main import ENTRIES, Entry

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
        (("replay", "--dispositions", "no.jsonl"), {"BROKER": "x:1"}, "does not exist"),
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


def test_an_unknown_command_is_answered_with_the_nearest_one() -> None:
    done = run("flag")
    assert done.returncode == 2
    assert "did you mean `coldwire flags`?" in done.stderr


def test_commands_are_listed_without_loading_them() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(entry.name in done.stdout and entry.help in done.stdout for entry in ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_command_has_help_with_an_example(
    entry: Entry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    command = entry.load()
    inner = getattr(command, "commands", {})
    for arguments in [[name] for name in inner] or [[]]:
        with pytest.raises(SystemExit) as ended:
            command(args=[*arguments, "--help"], prog_name=entry.name)
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        assert "Example: " in shown, f"{entry.name} {arguments}"
