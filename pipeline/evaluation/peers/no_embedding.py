"""The head without any embedding: what the peers' rows must beat for their embedding to count.

    python -m pipeline.evaluation.peers.no_embedding --data DIR --out DIR --name none --seed 0

It runs in any environment with polars and LightGBM, this package's among them.
"""

from __future__ import annotations

import numpy as np

from pipeline.evaluation.peers.head import Float, Run, main
from pipeline.evaluation.peers.prefixes import Prefixes


def embed(_run: Run, prefixes: dict[str, Prefixes]) -> dict[str, Float]:
    """No columns for every prefix, [N, 0]."""
    return {split: np.empty((len(p.risky), 0), np.float32) for split, p in prefixes.items()}


if __name__ == "__main__":
    main(embed, "LightGBM without an embedding on the cold-start benchmark")
