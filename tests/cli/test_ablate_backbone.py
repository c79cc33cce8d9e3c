"""``coldwire ablate backbone`` compares sizes and a language model, and goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from pipeline.cli.ablate import app
from pipeline.errors import ColdwireError
from tests.model.text_models import write_language_model

_WORLD = ["--parties", "120", "--days", "3", "--iterations", "2", "--size", "0.5M"]


def _options(out: Path, *more: str) -> list[str]:
    return ["backbone", "--out", str(out), *_WORLD, *more]


def test_a_language_model_is_compared_on_its_own_counterparties(tmp_path: Path) -> None:
    model = write_language_model(tmp_path / "tiny", seed=0, context=4096)
    more = ["--language-model", str(model), "--counterparties", "60", "--json"]
    result = CliRunner().invoke(app, _options(tmp_path / "out", *more))
    assert result.exit_code == 0, result.output
    found = {one["name"]: one for one in json.loads(result.stdout)}
    assert list(found) == ["0.5M", "0.5M, the same 60", "tiny"]
    assert found["tiny"]["over"] == "0.5M, the same 60"
    assert found["tiny"]["rows"] == found["0.5M, the same 60"]["rows"]
    assert found["0.5M"]["rows"]["0"] > found["tiny"]["rows"]["0"]
    kept = tmp_path / "out" / "0.5M.safetensors"
    before = kept.stat().st_mtime_ns
    again = CliRunner().invoke(app, _options(tmp_path / "out"))
    assert again.exit_code == 0, again.output
    assert kept.stat().st_mtime_ns == before
    assert (tmp_path / "out" / "backbones.md").read_text() in again.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [(["--size", "7B"], "no size 7B"), (["--device", "abacus"], "no device abacus")],
)
def test_mistakes_are_refused(tmp_path: Path, more: list[str], message: str) -> None:
    result = CliRunner().invoke(app, _options(tmp_path, *more))
    assert isinstance(result.exception, ColdwireError)
    assert message in str(result.exception)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, _options(tmp_path, "--device", "cuda"))
    assert isinstance(result.exception, ColdwireError)
