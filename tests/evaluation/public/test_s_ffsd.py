"""S-FFSD in order of time, on made-up rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluation.public import s_ffsd
from pipeline.evaluation.public.kept import Kept
from pipeline.evaluation.public.payments import UNKNOWN, PublicPayments
from pipeline.evaluation.public.s_ffsd import (
    BASE,
    PLAIN,
    STACK,
    SURPRISE,
    chronological,
    past_table,
    published,
    try_s_ffsd,
)
from tests.evaluation.public.streams import stream


def _partly_labelled(rows: int, seed: int = 0) -> PublicPayments:
    payments = stream(rows, 30, seed, frauds=0.2, cards=rows // 8)
    hidden = np.random.default_rng(seed).random(rows) < 0.5
    fraud = np.where(hidden, UNKNOWN, payments.fraud).astype(np.int8)
    return replace(payments, fraud=fraud, event_ms=np.arange(rows) * 1000)


def test_nothing_is_learned_from_the_last_30_percent_of_all_rows() -> None:
    payments = _partly_labelled(1_000)
    split = chronological(payments)
    assert split.fit.max() < split.choose.min() <= split.choose.max() < 700 <= split.test.min()
    assert len(split.learn) + len(split.test) == (payments.fraud != UNKNOWN).sum()


def test_the_published_split_is_drawn_from_all_rows_and_tested_on_labelled_ones() -> None:
    payments = _partly_labelled(1_000)
    split = published(payments)
    assert not np.intersect1d(split.learn, split.test).size
    assert (payments.fraud[split.test] != UNKNOWN).all()
    assert len(split.test) < 200


def test_counts_see_neither_labels_nor_later_rows() -> None:
    payments = _partly_labelled(400)
    whole = past_table(payments)
    unlabelled = replace(payments, fraud=np.full(400, UNKNOWN, np.int8))
    np.testing.assert_array_equal(whole, past_table(unlabelled))
    # Sums over a shorter table are rounded elsewhere.
    np.testing.assert_allclose(
        whole[:300], past_table(payments.take(np.arange(300))), rtol=1e-4, atol=1e-4
    )


def test_every_model_stands_on_both_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s_ffsd, "_SEEDS", (0,))
    payments = _partly_labelled(800)
    report = try_s_ffsd(payments, 2, 0, Kept(None), lambda *_: None)
    assert list(report.chronological) == [BASE, PLAIN, SURPRISE, STACK]
    assert list(report.published) == [BASE, PLAIN, SURPRISE, STACK]
    for outcome in report.chronological.values():
        assert outcome.auc.low <= outcome.auc.value <= outcome.auc.high
        assert outcome.auc.value > 0.6
        assert sum(rows for rows, *_ in outcome.by_seen.values()) == len(
            chronological(payments).test
        )
