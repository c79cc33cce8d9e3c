"""The handbook's protocol on made-up weeks."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from pipeline.evaluation.public import handbook
from pipeline.evaluation.public.handbook import Figures
from pipeline.evaluation.public.payments import DAY_MS, PublicPayments
from pipeline.evaluation.public.windows import KeyedPast
from tests.evaluation.public.streams import START, stream

_BEGINS = date(1970, 1, 1) + timedelta(days=START)


def _payments(rows: list[tuple[int, int, int]]) -> PublicPayments:
    """(day, card, fraud) each at noon, at one terminal."""
    day, card, fraud = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    none = np.zeros(n, np.int64)
    time = (START + day) * DAY_MS + DAY_MS // 2
    return PublicPayments(card, none, np.full(n, 5.0), time, fraud.astype(np.int8), none, none)


def test_a_fold_is_a_week_to_train_a_week_to_wait_and_a_week_to_test() -> None:
    payments = _payments([(day, day, 0) for day in range(30)])
    fold = handbook.fold(payments, _BEGINS)
    assert fold.train.tolist() == list(range(7))
    assert fold.test.tolist() == list(range(14, 21))


def test_cards_leave_the_test_when_their_fraud_is_known() -> None:
    rows = [
        (2, 1, 1),
        (9, 2, 1),
        (13, 3, 1),
        *((day, card, 0) for day in range(14, 21) for card in (1, 2, 3)),
    ]
    payments = _payments(rows)
    fold = handbook.fold(payments, _BEGINS)
    left = [(int(payments.day[r]) - START, int(payments.payer[r])) for r in fold.test]
    assert {card for _, card in left} == {2, 3}
    # Card 2's fraud of day 9 is known from day 17 on, and card 3's of day 13 only afterwards.
    assert [day for day, card in left if card == 2] == [14, 15, 16]
    assert [day for day, card in left if card == 3] == list(range(14, 21))


def test_labels_of_the_waiting_week_are_not_trained_on() -> None:
    payments = stream(2000, 30)
    fold = handbook.fold(payments, _BEGINS)
    last = payments.event_ms[fold.train].max()
    assert payments.event_ms[fold.test].min() - last > handbook.DELAY_MS


def test_folds_for_choosing_end_before_the_first_test() -> None:
    payments = stream(6000, 110)
    chosen_by, tested = handbook.validation_folds(payments), handbook.test_folds(payments)
    assert [f.begins for f in tested] == [date(2018, 8, d) for d in (15, 8, 1)] + [
        date(2018, 7, 25)
    ]
    assert [f.begins for f in chosen_by] == [date(2018, 7, d) for d in (11, 4)] + [
        date(2018, 6, d) for d in (27, 20)
    ]
    latest = max(payments.day[f.test].max() for f in chosen_by)
    first = min(payments.day[f.test].min() for f in tested)
    assert latest + handbook.WEEK_DAYS < first + handbook.WEEK_DAYS


def test_card_precision_takes_each_card_once_and_drops_those_found() -> None:
    day = np.array([0, 0, 0, 1, 1, 1])
    card = np.array([1, 1, 2, 1, 2, 3])
    fraud = np.array([False, True, False, True, False, True])
    score = np.array([0.1, 0.9, 0.5, 0.9, 0.1, 0.5])
    # Day 0 finds card 1, which leaves; day 1 then has card 3 in front.
    assert handbook.card_precision(day, card, fraud, score, cards_a_day=1) == 1.0
    assert handbook.card_precision(day, card, fraud, score, cards_a_day=2) == 0.5


def test_features_follow_their_definitions() -> None:
    payments = stream(600, 50, frauds=0.3)
    cards = KeyedPast(payments.payer, payments.event_ms)
    terminals = KeyedPast(payments.payee, payments.event_ms)
    got = dict(zip(handbook.FEATURES, handbook.features(payments, cards, terminals).T, strict=True))
    row = 500
    age = payments.event_ms[row] - payments.event_ms
    card = (payments.payer == payments.payer[row]) & (age >= 0) & (age < 7 * DAY_MS)
    assert got["card_count_7d"][row] == card.sum()
    assert got["card_mean_7d"][row] == pytest.approx(payments.amount[card].mean())
    week = handbook.DELAY_MS
    terminal = (payments.payee == payments.payee[row]) & (age >= week) & (age < week + 30 * DAY_MS)
    assert got["terminal_count_30d"][row] == terminal.sum()
    assert got["terminal_risk_30d"][row] == pytest.approx(payments.fraud[terminal].mean())


def test_a_friday_is_no_weekend_and_six_in_the_morning_is_night() -> None:
    friday = (date(2018, 6, 1) - date(1970, 1, 1)).days
    time = np.array([friday * DAY_MS + 6 * 3_600_000, (friday + 1) * DAY_MS + 7 * 3_600_000])
    none = np.zeros(2, np.int64)
    payments = PublicPayments(none, none, np.ones(2), time, none.astype(np.int8), none, none)
    past = KeyedPast(none, time)
    table = handbook.features(payments, past, past)
    assert table[:, 1:3].tolist() == [[0, 1], [1, 0]]


def test_parameters_are_chosen_on_validation_for_each_figure() -> None:
    validation = {
        "a": [Figures(0.9, 0.1, 0.3), Figures(0.9, 0.1, 0.3)],
        "b": [Figures(0.8, 0.2, 0.2), Figures(0.8, 0.2, 0.2)],
    }
    test = {
        "a": [Figures(0.5, 0.5, 0.1), Figures(0.7, 0.5, 0.1)],
        "b": [Figures(0.99, 0.4, 0.9), Figures(0.99, 0.4, 0.9)],
    }
    auc, ap, cards = handbook.choose(validation, test)
    assert auc.parameters == cards.parameters == "a"
    assert ap.parameters == "b"
    assert (auc.mean, auc.deviation, cards.mean) == pytest.approx((0.6, 0.1, 0.1))
    assert ap.mean == 0.4
