"""Both protocols end to end on made-up months; which labels ours may see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluation.public import handbook, handbook_trial, trees
from pipeline.evaluation.public.handbook_trial import (
    PLAIN,
    STACK,
    SURPRISE,
    HandbookReport,
    label_tables,
    try_handbook,
)
from pipeline.evaluation.public.kept import Kept
from tests.evaluation.public.streams import stream

_RIVAL = "amount alone"


def _silent(*_: object) -> None:
    pass


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> HandbookReport:
    monkeypatch.setattr(
        handbook_trial, "RIVALS", {_RIVAL: lambda rows, label, others: {"amount": others[:, 0]}}
    )
    monkeypatch.setattr(handbook_trial, "_RESAMPLES", 20)
    monkeypatch.setattr(trees, "SEEDS", (0,))
    return try_handbook(stream(3_000, 100, cards=500), 1, 0, Kept(None), _silent)


def test_every_model_stands_in_both_protocols(report: HandbookReport) -> None:
    names = [_RIVAL, PLAIN, SURPRISE, STACK]
    assert [rival.name for rival in report.rivals] == names
    assert list(report.single) == names
    for rival in report.rivals:
        assert all(
            len(chosen.folds) == handbook.FOLDS for chosen in (rival.auc, rival.ap, rival.cp100)
        )
        # Frauds of the made-up stream are four times as large as other payments.
        assert 0.6 < rival.auc.mean <= 1
    assert (STACK, _RIVAL) in {(lead.ours, lead.theirs) for lead in report.leads}
    assert all(lead.ap.low <= lead.ap.value <= lead.ap.high for lead in report.leads)


@pytest.mark.parametrize("seed", range(3))
def test_what_ours_reads_does_not_depend_on_labels_that_are_not_known_yet(seed: int) -> None:
    payments = stream(1_500, 60, seed)
    row = 1_000
    unknown = payments.event_ms > payments.event_ms[row] - handbook.DELAY_MS
    turned = np.where(unknown, 1 - payments.fraud, payments.fraud).astype(np.int8)
    before, after = label_tables(payments), label_tables(replace(payments, fraud=turned))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[: row + 1], other[: row + 1])


def test_what_ours_reads_does_not_depend_on_later_payments() -> None:
    payments = stream(1_500, 60)
    row = 1_000
    earlier = payments.take(np.arange(row))
    for one, other in zip(label_tables(earlier), label_tables(payments), strict=True):
        # Running sums over a shorter table are rounded elsewhere.
        np.testing.assert_allclose(one, other[:row], rtol=1e-3, atol=1e-3)
