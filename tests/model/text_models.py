"""A tiny language model of text on disk, as transformers writes one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from pipeline.encoding import CARDINALITIES
from pipeline.model.sentences import OPENING, sentence

WIDTH = 16


def random_codes(seed: int, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Field codes, [*shape, F]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, CARDINALITIES, size=(*shape, len(CARDINALITIES))).astype(np.int16)


def write_tokenizer(directory: Path) -> int:
    """Byte pairs learned from a hundred sentences; returns the size of the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([OPENING, *map(sentence, random_codes(0, 100))], trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained(directory)
    return int(tokenizer.get_vocab_size())


def write_language_model(directory: Path, seed: int, context: int = 2048) -> Path:
    """A random Llama of two layers with its tokenizer."""
    config = LlamaConfig(
        vocab_size=write_tokenizer(directory),
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=context,
        initializer_range=0.3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(directory)
    return directory
