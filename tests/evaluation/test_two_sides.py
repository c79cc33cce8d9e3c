"""Both sides of public payments as the service's encoder and language model see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.evaluation.two_sides import encode_sides, learn_language, read_events
from tests.evaluation.public_streams import stream


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
    payments = stream(300, 20)
    sides = encode_sides(payments, _silent)
    model = learn_language(sides.until(200), 3, 0, _silent)
    payments_read = np.array([0, 5, 250, 299])
    rows = sides.row[payments_read].reshape(-1)
    read = read_events(model, sides, payments_read, _silent)
    served = model.served()
    position = sides.sequences.position_of(rows)
    length = np.minimum(position, 16)
    window = np.zeros((len(rows), 16, sides.sequences.codes.shape[1]), np.int16)
    for i, (row, n) in enumerate(zip(rows, length, strict=True)):
        window[i, :n] = sides.sequences.codes[row - n : row]
    output, _ = served.score(
        window,
        length,
        sides.sequences.codes[rows],
        sides.sequences.features[rows],
        served.start_prompts(len(rows)),
    )
    np.testing.assert_allclose(
        read.surprise.reshape(output.surprise.shape), output.surprise, atol=1e-4
    )
