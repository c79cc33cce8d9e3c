from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import ColdwireError
from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.arena import MAX_PACKED_BYTES, Arena
from tests.model.checkpoints import random_checkpoint
from tests.scoring.logs import entity_id, mixed_log
from tests.scoring.runs import engine_of, patient, run

START = np.arange(12, dtype=np.float16).reshape(3, 4)


def test_a_new_profile_has_the_start_prompt_and_nothing_else() -> None:
    arena = Arena(START)
    slot = arena.slot("party:a")
    assert np.array_equal(arena.prompt[slot], START)
    assert arena.histories.count[slot] == 0
    assert arena.offset[slot] == -1


def test_growing_keeps_what_is_there_and_gives_new_slots_a_fresh_state() -> None:
    arena = Arena(START, slots=2)
    for number in range(2):
        slot = arena.slot(entity_id(number))
        arena.exposure[slot] = 0.25 + number
        arena.prompt[slot] = number
    before = arena.pack([entity_id(0), entity_id(1)])
    slots = [arena.slot(entity_id(n)) for n in range(9)]
    assert slots == list(range(9))
    assert arena.pack([entity_id(0), entity_id(1)]) == before
    fresh = Arena(START)
    fresh.slot(entity_id(8))
    assert arena.pack([entity_id(8)]) == fresh.pack([entity_id(8)])


def test_a_packed_profile_comes_back_and_fits_4_kb(checkpoint: Checkpoint) -> None:
    engine = engine_of(checkpoint)
    run(engine, [mixed_log(1, 90)])
    packed = engine.packed(engine.entities)
    other = engine_of(checkpoint, dict(reversed(packed)))
    assert dict(other.packed(engine.entities)) == dict(packed)
    full_size = random_checkpoint(0)
    assert len(engine_of(full_size).packed([])) == 0
    arena = Arena(full_size.model.start_prompts(1)[0].astype(np.float16))
    assert arena.packed_bytes <= MAX_PACKED_BYTES


def test_restored_arrays_do_not_share_the_bytes_of_the_message(checkpoint: Checkpoint) -> None:
    engine = engine_of(checkpoint)
    log = mixed_log(2, 40)
    run(engine, [log[:20]])
    entity, packed = engine.packed(engine.entities)[0]
    copy = bytes(packed)
    revived = engine_of(checkpoint, {entity: packed})
    revived.settle(revived.process(log[20:], patient()))
    assert packed == copy


@pytest.mark.parametrize("damage", [lambda p: p[:-1], lambda p: b"CWP0" + p[4:], lambda p: b""])
def test_bytes_of_another_layout_are_refused_with_the_fix(damage: object) -> None:
    arena = Arena(START)
    arena.slot("party:a")
    packed = arena.pack(["party:a"])[0]
    with pytest.raises(ColdwireError, match="replay counterparty-events"):
        arena.restore("party:a", damage(packed))  # type: ignore[operator]


def test_a_prompt_of_another_shape_is_another_layout() -> None:
    arena = Arena(START)
    arena.slot("party:a")
    with pytest.raises(ColdwireError):
        Arena(START.reshape(4, 3)).restore("party:a", arena.pack(["party:a"])[0])


def test_a_profile_larger_than_the_limit_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="4 kB"):
        Arena(np.zeros((16, 256), np.float16))
