"""After the warm-up nothing is left to compile: a first score must not wait for a compiler."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
from numba.core.dispatcher import Dispatcher
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring.backtest import replay
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.warm_up import warm_up
from tests.scoring.logs import mixed_log

def compiled():
    found = (o for o in gc.get_objects() if isinstance(o, Dispatcher))
    return {(o.__module__, o.__name__, str(s)) for o in found for s in o.signatures}

checkpoint = Checkpoint.load(SHIPPED)
warm_up(ProfileEngine(checkpoint))
before = compiled()
assert before
scores = 0
for size in (1, 2, 40):
    for effects in replay(ProfileEngine(checkpoint), mixed_log(3, 240), batch_size=size):
        scores += len(effects.scores)
assert scores
print(sorted(compiled() - before))
"""


def test_the_warm_up_compiles_all_that_serving_needs() -> None:
    # In a process of its own: other tests compile, too.
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
