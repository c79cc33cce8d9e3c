"""The arms of the prompt's ablation: one factor at a time around what serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.model.architecture import Architecture
from pipeline.model.meta import MetaLearner
from pipeline.model.placements import Place

_SERVED: Final = Architecture()


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to make and move a prompt.

    Attributes:
        name: in the table.
        learner: None leaves everything around the prompt as it was drawn.
        place: where the prompt enters.
        vectors: P.
        steps: K, in training and in use; 0 leaves a prompt where it begins.
        amortised: begin where a generator says instead of at the start.
        scattered: the start is random, as large as the vectors of the decoder.
    """

    name: str
    learner: MetaLearner | None = MetaLearner.MAML
    place: Place = Place.READ_OUT
    vectors: int = _SERVED.prompt_vectors
    steps: int = _SERVED.inner_steps
    amortised: bool = False
    scattered: bool = False


SERVED: Final = Arm("MAML, read-out (served)")
ARMS: Final = (
    SERVED,
    Arm("random prompt", None, scattered=True),
    Arm("multi-task prompt", None),
    Arm("FOMAML", MetaLearner.FOMAML),
    Arm("Reptile", MetaLearner.REPTILE),
    Arm("amortised only", steps=0, amortised=True),
    Arm("amortised + K", amortised=True),
    *(Arm(f"MAML, P={p}", vectors=p) for p in (2, 8)),
    *(Arm(f"MAML, K={k}", steps=k) for k in (1, 5)),
    *(Arm(f"MAML, {place}", place=place) for place in Place if place is not Place.READ_OUT),
)
