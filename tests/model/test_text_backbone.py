from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from pipeline.encoding import N_FIELDS
from pipeline.errors import ColdwireError
from pipeline.model import Architecture
from pipeline.model.pretrain import crop_batch, pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.remembered_states import RememberedStates
from pipeline.model.sequences import CROP, opening_crops
from pipeline.model.text_backbone import TextBackbone
from tests.model.text_models import WIDTH, random_codes, write_language_model, write_tokenizer
from tests.model.worlds import no_progress, toy_sequences

_SMALL = Architecture(
    width=WIDTH, layers=1, heads=2, feed_forward=16, prompt_vectors=2, readout_heads=2
)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_language_model(tmp_path_factory.mktemp("language-model"), seed=0)


@pytest.fixture
def backbone(at: Path) -> TextBackbone:
    return TextBackbone.load(at, torch.float32)


def _codes(seed: int, rows: int, events: int) -> torch.Tensor:
    return torch.from_numpy(random_codes(seed, rows, events))


def test_there_is_a_state_before_and_after_every_event(backbone: TextBackbone) -> None:
    states = backbone(_codes(1, 3, 5))
    assert states.shape == (3, 6, WIDTH)
    assert torch.allclose(states[0, 0], states[1, 0], atol=1e-5)
    assert not torch.allclose(states[0, 1], states[1, 1], atol=1e-2)


def test_a_state_has_read_the_past_and_nothing_else(backbone: TextBackbone) -> None:
    codes = _codes(2, 1, 6)
    changed = codes.clone()
    changed[:, 3] = _codes(3, 1, 1)[:, 0]
    before, after = backbone(codes), backbone(changed)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-5)
    assert (before[:, 4:] - after[:, 4:]).abs().amax(-1).min() > 1e-3


def test_states_are_the_same_whatever_stands_behind_or_beside(backbone: TextBackbone) -> None:
    codes, lengths = _codes(4, 4, 5), torch.tensor([5, 2, 0, 4])
    together = backbone.read(codes, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = backbone.read(codes[row : row + 1, :length], lengths[row : row + 1])
        assert torch.allclose(together[row, : length + 1], alone[0], atol=1e-5)
        assert not together[row, length + 1 :].any()


def test_the_language_model_stays_frozen_and_prompt_and_heads_learn(
    backbone: TextBackbone,
) -> None:
    model = ProfileModel(_SMALL, backbone)
    codes = _codes(5, 2, CROP).long()
    prompts = model.readout.start.expand(2, -1, -1)
    surprise = model.surprise(model.backbone(codes), codes, prompts)
    torch.autograd.backward(surprise.mean())
    assert all(p.grad is None for p in backbone.parameters())
    assert model.readout.start.grad is not None
    assert model.readout.start.grad.abs().max() > 0
    assert model.field_heads.projection.weight.grad is not None
    assert not model.train().backbone.training


def test_a_pickle_an_encoder_and_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="no language model"):
        TextBackbone.load(tmp_path / "nowhere", torch.float32)
    pickled = write_language_model(tmp_path / "pickled", seed=1)
    (pickled / "model.safetensors").unlink()
    torch.save({}, pickled / "pytorch_model.bin")
    with pytest.raises(ColdwireError, match="cannot be loaded"):
        TextBackbone.load(pickled, torch.float32)
    encoder = tmp_path / "encoder"
    config = BertConfig(
        vocab_size=write_tokenizer(encoder),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        initializer_range=0.3,
    )
    BertModel(config).save_pretrained(encoder)
    with pytest.raises(ColdwireError, match="reads ahead"):
        TextBackbone.load(encoder, torch.float32)


def test_a_history_longer_than_the_context_is_refused(tmp_path: Path) -> None:
    short = TextBackbone.load(write_language_model(tmp_path, seed=2, context=60), torch.float32)
    with pytest.raises(ColdwireError, match="reads 60"):
        short(_codes(6, 1, 8))


def test_remembered_states_are_the_backbones_own_and_are_read_only_once(
    backbone: TextBackbone, tmp_path: Path
) -> None:
    sequences = toy_sequences(21, events=300, entities=30)
    remembered = RememberedStates(backbone)
    remembered.remember(sequences, tmp_path / "states", no_progress)
    remembered.standardise_by(sequences)
    crops = opening_crops(sequences)
    codes = crop_batch(sequences, crops.take(np.arange(4))).codes
    expected = backbone(codes)
    for row, length in enumerate(crops.length[:4]):
        got = remembered(codes)[row, : length + 1]
        assert torch.allclose(got, expected[row, : length + 1], atol=1e-4)
    other = TextBackbone.load(write_language_model(tmp_path / "other", seed=3), torch.float32)
    again = RememberedStates(other)
    again.remember(sequences, tmp_path / "states", no_progress)
    again.standardise_by(sequences)
    assert torch.equal(again(codes), remembered(codes))
    with pytest.raises(KeyError):
        remembered(torch.zeros(1, CROP, N_FIELDS, dtype=torch.int64))


def test_states_over_the_training_rows_are_standardised(
    backbone: TextBackbone, tmp_path: Path
) -> None:
    sequences = toy_sequences(22, events=300, entities=30)
    remembered = RememberedStates(backbone)
    remembered.remember(sequences, tmp_path, no_progress)
    remembered.standardise_by(sequences)
    crops = opening_crops(sequences)
    states = remembered(torch.from_numpy(sequences.codes[crops.rows]))
    real = torch.arange(CROP + 1) <= torch.from_numpy(crops.length)[:, None]
    assert torch.allclose(states[real].mean(0), torch.zeros(WIDTH), atol=1e-4)
    assert torch.allclose(states[real].std(0), torch.ones(WIDTH), atol=1e-3)


def test_heads_above_a_language_model_learn_the_next_payment(
    backbone: TextBackbone, tmp_path: Path
) -> None:
    sequences = toy_sequences(23, events=600, entities=30)
    remembered = RememberedStates(backbone)
    remembered.remember(sequences, tmp_path, no_progress)
    remembered.standardise_by(sequences)
    torch.manual_seed(0)
    model = ProfileModel(_SMALL, remembered)
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    crops, generator = opening_crops(sequences), torch.Generator().manual_seed(0)
    losses = pretrain(
        model, sequences, crops, 60, generator, no_progress, batch_size=16, augment=False
    )
    assert np.mean(losses[-5:]) < 0.96 * np.mean(losses[:5])
    assert all(torch.equal(v, before[k]) for k, v in backbone.state_dict().items())
