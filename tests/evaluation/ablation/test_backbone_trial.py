from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.evaluation.ablation.backbone_latency import kernel_latency, text_latency
from pipeline.evaluation.ablation.backbone_report import Attempt, figures, markdown
from pipeline.evaluation.ablation.backbone_trial import BackboneTrial, TrialData, attempt
from pipeline.evaluation.metrics import average_precision
from pipeline.model import Architecture
from pipeline.model.profile_model import ProfileModel
from pipeline.model.text_backbone import TextBackbone
from tests.model.text_models import WIDTH, write_language_model
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(
    width=WIDTH, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16
)
_CPU = torch.device("cpu")
_RUN = {"seed": 1}
_PERCENTILES = {"p50": 1.0, "p99": 2.0, "cpu_p50": 0.9}
_LATENCY = dict.fromkeys(("score", "adaptation", "steps"), _PERCENTILES)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Several threads may add in another order under load."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> TrialData:
    fit, held, test = (toy_sequences(seed, 1200, 80) for seed in (31, 32, 33))
    return TrialData(fit, held, test)


def _trial(data: TrialData) -> BackboneTrial:
    torch.manual_seed(0)
    return attempt(ProfileModel(_TINY), data, 40, True, 0, _CPU, no_progress)


@pytest.fixture(scope="module")
def trial(data: TrialData) -> BackboneTrial:
    return _trial(data)


def test_every_first_event_of_the_test_counterparties_is_scored(
    data: TrialData, trial: BackboneTrial
) -> None:
    first = data.test.position < 17
    assert np.array_equal(trial.risky, data.test.risky[first] == 1)
    assert np.array_equal(trial.seen, data.test.position[first])
    assert np.array_equal(trial.counterparty, data.test.key[data.test.owner[first]])


def test_head_trees_and_stack_learn_the_toy_risk(trial: BackboneTrial) -> None:
    base = trial.risky.mean()
    for score in (trial.head, trial.trees, trial.stack):
        assert average_precision(trial.risky, score) > 2.5 * base


def test_the_same_seed_gives_the_same_scores(data: TrialData, trial: BackboneTrial) -> None:
    again = _trial(data)
    assert np.array_equal(again.stack, trial.stack)
    assert np.array_equal(again.nats, trial.nats)


def test_an_attempt_is_kept_for_its_own_run_only(tmp_path: Path, trial: BackboneTrial) -> None:
    path = tmp_path / "a.safetensors"
    Attempt("a", _RUN, 10, _LATENCY, trial).save(path)
    loaded = Attempt.load(path)
    assert (loaded.name, loaded.run, loaded.parameters) == ("a", _RUN, 10)
    assert np.array_equal(loaded.trial.head, trial.head)
    assert Attempt.is_kept(path, _RUN)
    assert not Attempt.is_kept(path, {"seed": 2})
    path.write_bytes(path.read_bytes()[:40])
    assert not Attempt.is_kept(path, _RUN)


def test_a_lead_is_measured_on_the_rows_of_both_and_within_a_run(trial: BackboneTrial) -> None:
    rows = trial.counterparty < np.median(trial.counterparty)
    few = dataclasses.replace(
        trial,
        **{
            f.name: getattr(trial, f.name)[rows]
            for f in dataclasses.fields(trial)
            if f.name != "pretrain_seconds"
        },
    )
    perfect = dataclasses.replace(few, stack=few.risky.astype(np.float64))
    runs = [("a", _RUN, trial), ("b", {"few": 1}, few), ("c", {"few": 1}, perfect)]
    found = figures([Attempt(name, run, 10, _LATENCY, t) for name, run, t in runs])
    assert "lead" not in found[0]
    assert (found[1]["over"], found[2]["over"]) == ("a", "b")
    assert found[1]["lead"]["stack"]["all"] == [0.0, 0.0, 0.0]
    own = average_precision(few.risky, few.stack)
    assert found[2]["lead"]["stack"]["all"][0] == pytest.approx(1 - own)
    assert found[2]["lead"]["nats_per_field"][0] == 0
    assert "over b" in markdown(found)


def test_attempts_of_different_worlds_are_not_compared(trial: BackboneTrial) -> None:
    other = dataclasses.replace(trial, counterparty=trial.counterparty[::-1].copy())
    attempts = [Attempt(name, _RUN, 1, _LATENCY, t) for name, t in (("a", trial), ("b", other))]
    with pytest.raises(ValueError, match="same world"):
        figures(attempts)


def test_score_adaptation_and_steps_are_timed_for_both_kinds(
    data: TrialData, tmp_path: Path
) -> None:
    text = TextBackbone.load(write_language_model(tmp_path, seed=0, context=4096), torch.float32)
    above = ProfileModel(_TINY, text)
    for latency in (
        kernel_latency(ProfileModel(_TINY), data.test, 5),
        text_latency(above, text, data.test, 2),
    ):
        for times in dataclasses.astuple(latency):
            assert 0 < times[0] <= times[1]
