from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_STATES = """
import numpy as np
from safetensors.numpy import load_file

from pipeline.encoding import N_FIELDS, WINDOW
from pipeline.model.architecture import Architecture
from pipeline.model.checkpoint import SHIPPED
from pipeline.model.kernels import states_of
from pipeline.model.served_model import ServedModel

model = ServedModel(load_file(SHIPPED / "weights.safetensors"), Architecture())
codes = np.random.default_rng(0).integers(0, 2, (4, WINDOW, N_FIELDS), np.int16)
states = model.states(codes, np.full(4, WINDOW))
print("loaded" if states_of.stats.cache_hits else "compiled", states.tobytes().hex())
"""


def states_in_a_new_process(cache: Path) -> tuple[str, str]:
    """Whether the kernel was compiled or loaded, and the bits that it gave."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", _STATES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    how, bits = done.stdout.split()
    return how, bits


def test_a_process_that_compiles_computes_the_bits_of_one_that_loads(tmp_path: Path) -> None:
    first, compiled = states_in_a_new_process(tmp_path)
    second, loaded = states_in_a_new_process(tmp_path)
    assert (first, second) == ("compiled", "loaded")
    assert compiled == loaded
