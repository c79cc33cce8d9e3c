from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ColdwireError
from pipeline.model import Architecture, Checkpoint, RiskOutput, ServedModel
from tests.model.batches import random_batch
from tests.model.checkpoints import random_checkpoint

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=8)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint(seed=1, architecture=_TINY)


def _verdict(checkpoint: Checkpoint) -> bytes:
    b = random_batch(checkpoint.model, 20, seed=3)
    output, _ = checkpoint.model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    verdict = checkpoint.verdict(output, b.features, b.lengths)
    c = verdict.calibrated
    assert (c.lower <= c.probability).all()
    assert (c.probability <= c.upper).all()
    return np.stack([verdict.logit, c.probability, c.lower, c.upper]).tobytes()


def test_a_loaded_checkpoint_gives_the_same_bits(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(tmp_path)
    loaded = Checkpoint.load(tmp_path)
    assert loaded.version == checkpoint.version
    assert _verdict(loaded) == _verdict(checkpoint)


def test_the_weight_of_the_prompt_is_kept_and_names_another_version(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    model = checkpoint.model
    lighter = Checkpoint.assemble(
        ServedModel(model.state, model.architecture, 0.5),
        checkpoint.trees,
        checkpoint.stack,
        checkpoint.calibration,
        {},
    )
    lighter.save(tmp_path)
    assert Checkpoint.load(tmp_path).model.prompt_weight == 0.5
    assert lighter.version != checkpoint.version


def test_saving_twice_gives_the_same_files(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for name in ("a", "b"):
        checkpoint.save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_other_weights_have_another_version(checkpoint: Checkpoint) -> None:
    again = random_checkpoint(seed=1, architecture=_TINY)
    other = random_checkpoint(seed=2, architecture=_TINY)
    assert again.version == checkpoint.version != other.version


def test_a_verdict_does_not_depend_on_the_batch(checkpoint: Checkpoint) -> None:
    b = random_batch(checkpoint.model, 64, seed=4)
    output, _ = checkpoint.model.score(b.window, b.lengths, b.codes, b.features, b.prompts)
    whole = checkpoint.verdict(output, b.features, b.lengths)
    for row in (0, 17, 63):
        rows = slice(row, row + 1)
        alone = RiskOutput(output.logit[rows], output.surprise[rows])
        verdict = checkpoint.verdict(alone, b.features[rows], b.lengths[rows])
        assert verdict.logit[0] == whole.logit[row]
        assert verdict.calibrated.probability[0] == whole.calibrated.probability[row]
        assert verdict.calibrated.upper[0] == whole.calibrated.upper[row]


def test_a_missing_checkpoint_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="no checkpoint") as error:
        Checkpoint.load(tmp_path)
    assert "coldwire train" in error.value.fix


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "format 99"),
        ({"encoding": "0"}, "another encoding"),
    ],
)
def test_a_checkpoint_of_another_version_is_refused(
    checkpoint: Checkpoint, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    checkpoint.save(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ColdwireError, match=message):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize("name", ["weights.safetensors", "trees.txt"])
def test_a_damaged_file_is_noticed(checkpoint: Checkpoint, tmp_path: Path, name: str) -> None:
    checkpoint.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ColdwireError, match="damaged"):
        Checkpoint.load(tmp_path)
    path.unlink()
    with pytest.raises(ColdwireError, match="damaged"):
        Checkpoint.load(tmp_path)
