"""Both sides of public payments as the service's encoder and language model see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.encoding import WINDOW
from pipeline.evaluation.public.two_sides import encode_sides, learn_language, read_events
from tests.evaluation.public.streams import stream


def _silent(*_: object) -> None:
    pass


def test_no_code_and_no_feature_depends_on_a_label() -> None:
    payments = stream(200, 20)
    turned = replace(payments, fraud=(1 - payments.fraud).astype(np.int8))
    one, other = encode_sides(payments, _silent), encode_sides(turned, _silent)
    np.testing.assert_array_equal(one.sequences.codes, other.sequences.codes)
    np.testing.assert_array_equal(one.sequences.features, other.sequences.features)
    np.testing.assert_array_equal(one.sequences.risky, other.sequences.risky)


def test_nothing_depends_on_payments_to_come() -> None:
    payments = stream(200, 20)
    whole = encode_sides(payments, _silent)
    opening = encode_sides(payments.take(np.arange(150)), _silent)
    until = whole.until(150)
    np.testing.assert_array_equal(until.codes, opening.sequences.codes)
    np.testing.assert_array_equal(until.key, opening.sequences.key)
    np.testing.assert_array_equal(until.begin, opening.sequences.begin)
    rows = np.arange(150)
    np.testing.assert_array_equal(whole.features(rows), opening.features(rows))


def test_each_row_is_the_side_of_its_payment() -> None:
    payments = stream(200, 20)
    sides = encode_sides(payments, _silent)
    owner = sides.sequences.key[sides.sequences.owner[sides.row]]
    np.testing.assert_array_equal(owner[:, 0], payments.payer.astype(np.uint64) * 2)
    np.testing.assert_array_equal(owner[:, 1], payments.payee.astype(np.uint64) * 2 + 1)


def test_events_are_read_as_the_service_reads_them() -> None:
    payments = stream(900, 20)
    sides = encode_sides(payments, _silent)
    model = learn_language(sides.until(200), 3, 0, _silent)
    some = np.array([0, 5, 300, 600, 850, 899])
    rows = sides.row[some].reshape(-1)
    surprise = read_events(model, sides, some, _silent).surprise.reshape(len(rows), -1)
    served = model.served()
    sequences = sides.sequences
    position = sequences.position_of(rows)
    # Behind the first window the service keeps 16 events and this reads 9 to 16.
    length = np.where(position > WINDOW, position - -(-(position - WINDOW) // 8) * 8, position)
    assert length.max() > 8
    assert (position > WINDOW).any()
    window = np.zeros((len(rows), WINDOW, sequences.codes.shape[1]), np.int16)
    for i, (row, n) in enumerate(zip(rows, length, strict=True)):
        window[i, :n] = sequences.codes[row - n : row]
    prompts = served.start_prompts(len(rows))
    output, _ = served.score(
        window, length, sequences.codes[rows], sequences.features[rows], prompts
    )
    np.testing.assert_allclose(surprise, output.surprise, atol=1e-4)
