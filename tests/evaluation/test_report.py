from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.comparison import ALL, Comparison, compare
from pipeline.evaluation.exhibits import exhibits
from pipeline.evaluation.metrics import average_precision, bucket_names
from pipeline.evaluation.report import HTML, JSON, MARKDOWN, Report
from pipeline.evaluation.served import Served, serve
from pipeline.evaluation.splits import Trial
from pipeline.scoring import Policy
from schemas.score import Tier
from tests.evaluation.test_splits import make_trial
from tests.model.checkpoints import random_checkpoint

Scores = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def trial() -> Trial:
    return make_trial(500, 40)


@pytest.fixture(scope="module")
def scores(trial: Trial) -> Scores:
    random = np.random.default_rng(1)
    noise = random.normal(size=len(trial))
    return {"ours": trial.risky + noise, "blind & <b>": noise}


@pytest.fixture(scope="module")
def comparison(trial: Trial, scores: Scores) -> Comparison:
    return compare(trial, scores, _served(scores), resamples=50)


def _served(scores: Scores) -> Served:
    p = np.clip(0.2 + 0.01 * scores["ours"], 0, 1)
    return Served(p, p - 0.1, p + 0.1, np.zeros(len(p), np.int8), 0)


def test_ranges_part_the_payments(comparison: Comparison, trial: Trial) -> None:
    by_name = {r.name: r for r in comparison.ranges}
    assert sum(by_name[n].rows for n in bucket_names()) == by_name[ALL].rows == len(trial)
    assert by_name["1-5"].rows == by_name["1-2"].rows + by_name["3-5"].rows


def test_figures_are_those_of_the_rows(
    comparison: Comparison, trial: Trial, scores: Scores
) -> None:
    ours, blind = comparison.rivals
    early = (trial.seen >= 1) & (trial.seen <= 5)
    expected = average_precision(trial.risky[early], scores["ours"][early])
    assert ours.average_precision["1-5"].value == expected
    assert blind.lead[ALL].value == pytest.approx(
        ours.average_precision[ALL].value - blind.average_precision[ALL].value
    )
    assert blind.lead[ALL].low > 0
    assert ours.lead == {}


def test_the_report_is_whole_and_escaped(
    comparison: Comparison, trial: Trial, scores: Scores, tmp_path: Path
) -> None:
    shown = exhibits(trial, scores, _served(scores), comparison, 0.1, None)
    Report({"seed": 3}, comparison, exhibits=shown).write(tmp_path)
    data = json.loads((tmp_path / JSON).read_text())
    assert data["about"] == {"seed": 3}
    assert data["scores"][0]["average_precision"][ALL]["value"] == (
        comparison.rivals[0].average_precision[ALL].value
    )
    assert (
        set(data["cases_after"])
        == set(data["caught_after"])
        == set(data["value_found"]) - {"false_per_true"}
        == set(scores)
    )
    markdown = (tmp_path / MARKDOWN).read_text()
    assert "| ours |" in markdown
    assert "## Payments until detection" in markdown
    page = (tmp_path / HTML).read_text()
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert (tags.count("table"), tags.count("img"), tags.count("b")) == (8, 6, 0)


def test_what_cannot_be_measured_is_null_and_dashed(trial: Trial, scores: Scores) -> None:
    safe = replace(trial.of(np.arange(len(trial)) < 30), risky=trial.seen[:30] == 0)
    p = np.full(30, 0.1)
    served = Served(p, p, p, np.zeros(30, np.int8), 0)
    report = Report({}, compare(safe, {"ours": p}, served, resamples=5))
    data = json.loads(report.as_json())
    assert data["scores"][0]["average_precision"]["1-2"]["value"] is None
    assert "–" in report.as_markdown()


def test_a_rival_that_could_not_be_run_stays_in_the_table(comparison: Comparison) -> None:
    report = Report({}, comparison, missing={"forest": "not installed"})
    assert "| forest (not installed) | –" in report.as_markdown()
    assert json.loads(report.as_json())["missing"] == {"forest": "not installed"}


def test_what_training_held_out_has_tables_of_its_own(
    comparison: Comparison, trial: Trial, scores: Scores
) -> None:
    rows = trial.seen < 6
    p = np.full(int(rows.sum()), 0.1)
    served = Served(p, p, p, np.zeros(len(p), np.int8), 0)
    few = compare(trial.of(rows), {n: s[rows] for n, s in scores.items()}, served, resamples=5)
    report = Report({}, comparison, {"unseen family": few})
    assert "## PR-AUC, unseen family" in report.as_markdown()
    figures = json.loads(report.as_json())["unseen"]["unseen family"]["scores"][0]
    assert figures["average_precision"]["1-5"]["value"] == pytest.approx(
        comparison.rivals[0].average_precision["1-5"].value
    )


def test_serving_a_trial_is_serving_the_stream(trial: Trial) -> None:
    checkpoint = random_checkpoint(0)
    easy = Policy(alert_cost_ratio=1.0, flag_cost_ratio=0.5)
    served = serve(checkpoint, trial.observations, easy)
    assert ((served.tier == Tier.PRIOR) == (trial.seen == 0)).all()
    assert served.adaptations > 0
    assert (served.lower <= served.probability).all()
    control = serve(checkpoint, trial.observations, Policy(adapts=False))
    assert control.adaptations == 0
    assert not (control.tier == Tier.ADAPTED).any()
    with pytest.raises(ValueError, match="repeats"):
        serve(checkpoint, [*trial.observations, trial.observations[0]], easy)
