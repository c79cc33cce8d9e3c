from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.encoding import state_told, states_heard
from pipeline.encoding.standing import standing_of
from schemas.standing import LanguageState, Standing
from tests.encoding.observations import random_standing

_MODEL, _ANOTHER = "0123456789ab", "ba9876543210"
_WIDTH = 24


def _standing(seed: int, language_model: str = _MODEL) -> tuple[Standing, np.ndarray]:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=_WIDTH).astype(np.float16)
    row = next(row for row in random_standing(rng, 9).tolist() if row[0])
    standing = standing_of(row, state_told(state, language_model))
    assert standing is not None
    return standing, state


def test_a_state_survives_the_wire_to_the_last_bit() -> None:
    standing, state = _standing(0)
    over = Standing.from_bytes(standing.to_bytes())
    assert over == standing
    assert np.array_equal(states_heard([over], _MODEL, _WIDTH)[0], state.astype(np.float32))


def test_nothing_is_heard_of_the_unknown_nor_from_a_model_that_is_not_ones_own() -> None:
    mine, state = _standing(1)
    without = mine.model_copy(update={"state": None})
    heard = states_heard([None, without, _standing(2, _ANOTHER)[0], mine], _MODEL, _WIDTH)
    assert np.isnan(heard[:3]).all()
    assert np.array_equal(heard[3], state.astype(np.float32))
    assert np.isnan(states_heard([mine], _MODEL, 2 * _WIDTH)).all()


def test_a_profile_that_was_never_scored_tells_no_state() -> None:
    assert state_told(np.zeros(_WIDTH, np.float16), _MODEL) is None


@pytest.mark.parametrize("field", ['"language_model": "shipped"', '"values": "AAAAA"'])
def test_a_state_that_cannot_be_read_is_refused(field: str) -> None:
    whole = {"language_model": f'"language_model": "{_MODEL}"', "values": '"values": "AAAA"'}
    broken = {**whole, field.split('"')[1]: field}
    LanguageState.from_bytes(f"{{{', '.join(whole.values())}}}".encode())
    with pytest.raises(ValidationError):
        LanguageState.from_bytes(f"{{{', '.join(broken.values())}}}".encode())
