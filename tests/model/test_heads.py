from __future__ import annotations

import pytest
import torch

from pipeline.encoding import CARDINALITIES, N_FIELDS
from pipeline.model.heads import FieldHeads


@pytest.mark.parametrize("field", [0, 7, N_FIELDS - 1])
def test_the_likelihood_of_every_field_sums_to_one(field: int) -> None:
    heads, state = FieldHeads(24), torch.randn(1, 24)
    codes = torch.zeros(CARDINALITIES[field], N_FIELDS, dtype=torch.int64)
    codes[:, field] = torch.arange(CARDINALITIES[field])
    nll = heads.negative_log_likelihood(heads(state.expand(len(codes), -1)), codes)
    assert torch.exp(-nll[:, field]).sum().item() == pytest.approx(1, abs=1e-5)
