"""CoLES (Babaev et al. 2022) with LightGBM: contrastive embeddings of event sequences.

Run in an environment with pytorch-lifestream 0.7.0:

    python -m pipeline.evaluation.peers.coles --data DIR --out DIR --name coles --seed 0

Slices of one counterparty's events attract, slices of two repel; a GRU reads them. Its state
after a prefix is the prefix's embedding.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl
import pytorch_lightning as lightning
import torch
from ptls.data_load.padded_batch import PaddedBatch
from ptls.frames import PtlsDataModule
from ptls.frames.coles import ColesDataset, CoLESModule
from ptls.frames.coles.split_strategy import SampleSlices
from ptls.nn import RnnSeqEncoder, TrxEncoder

from pipeline.evaluation.benchmark.tables import EVENTS, TRAIN, file_of, key_of
from pipeline.evaluation.peers.head import Float, Run, main
from pipeline.evaluation.peers.prefixes import NUMBERS, Prefixes, Vocabulary, describe

_HIDDEN: Final = 128
_EPOCHS: Final = 15
_BATCH: Final = 64
_SLICES: Final = SampleSlices(split_count=5, cnt_min=3, cnt_max=16)
_SHORTEST: Final = 6
"""Events of a counterparty whose slices can differ."""
_AT_ONCE: Final = 1024
_TIME: Final = "event_time"


def embed(run: Run, prefixes: dict[str, Prefixes]) -> dict[str, Float]:
    """Train on whole training sequences; embed every prefix with the state after it."""
    lightning.seed_everything(run.seed)
    events = pl.read_parquet(run.data / file_of(TRAIN, EVENTS))
    vocabulary = Vocabulary.of(events)
    sizes = vocabulary.sizes
    encoder = RnnSeqEncoder(
        trx_encoder=TrxEncoder(
            embeddings={n: {"in": s, "out": min(16, 2 + s // 4)} for n, s in sizes.items()},
            numeric_values=dict.fromkeys(NUMBERS, "identity"),
            embeddings_noise=0.003,
        ),
        hidden_size=_HIDDEN,
        type="gru",
    )
    module = CoLESModule(
        seq_encoder=encoder,
        optimizer_partial=partial(torch.optim.Adam, lr=1e-3),
        lr_scheduler_partial=partial(torch.optim.lr_scheduler.StepLR, step_size=8, gamma=0.5),
    )
    sequences = _sequences(events, key_of(TRAIN), vocabulary)
    long_enough = [s for s in sequences if len(s[_TIME]) >= _SHORTEST]
    data = PtlsDataModule(
        train_data=ColesDataset(long_enough, _SLICES),
        train_batch_size=_BATCH,
        train_drop_last=True,
    )
    trainer = lightning.Trainer(
        max_epochs=_EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    trainer.fit(module, data)
    encoder.eval()
    return {
        split: _states(encoder, _sequences(p.events, p.key, vocabulary))
        for split, p in prefixes.items()
    }


def _sequences(
    events: pl.DataFrame, key: str, vocabulary: Vocabulary
) -> list[dict[str, torch.Tensor]]:
    """Sequences in order of their key, one tensor a column."""
    columns = [*NUMBERS, *vocabulary.sizes]
    numbered = vocabulary.number(describe(events, key))
    table = numbered.with_columns(pl.col("time").dt.epoch("s").alias(_TIME))
    kinds = {name: torch.float32 if name in NUMBERS else torch.int64 for name in columns}
    whole = {
        n: torch.tensor(table[n].to_numpy(), dtype=kinds.get(n, torch.int64))
        for n in [*columns, _TIME]
    }
    length = events.group_by(key, maintain_order=True).len()["len"].to_list()
    parts = {name: torch.split(tensor, length) for name, tensor in whole.items()}
    return [{name: parts[name][i] for name in parts} for i in range(len(length))]


@torch.inference_mode()
def _states(encoder: Any, sequences: list[dict[str, torch.Tensor]]) -> Float:
    states = []
    for start in range(0, len(sequences), _AT_ONCE):
        batch = sequences[start : start + _AT_ONCE]
        padded = {
            name: torch.nn.utils.rnn.pad_sequence([s[name] for s in batch], batch_first=True)
            for name in batch[0]
        }
        length = torch.tensor([len(s[_TIME]) for s in batch])
        states.append(encoder(PaddedBatch(padded, length)).numpy())
    return np.concatenate(states).astype(np.float32)


if __name__ == "__main__":
    main(embed, "CoLES with LightGBM on the cold-start benchmark")
