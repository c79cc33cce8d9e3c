"""pragmatiq (an open PRAGMA, arXiv:2604.08649) with LightGBM: masked-field user embeddings.

Run in an environment with pragmatiq[train] 1.1.0:

    python -m pipeline.evaluation.peers.pragmatiq --data DIR --out DIR --name pragmatiq --seed 0

Its own tokenizer, its own pre-training on the training events, its own embedding of every
prefix; the model is its smallest preset, which trains on a CPU.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pragmatiq import api
from pragmatiq.core.schema import EVENTS_SCHEMA, PROFILES_SCHEMA
from pragmatiq.models.pragmatiq import PragmaModel

from pipeline.evaluation.benchmark.tables import EVENTS, TRAIN, file_of, key_of
from pipeline.evaluation.peers.head import Float, Run, main
from pipeline.evaluation.peers.prefixes import CODES, OF_THE_OTHER_SIDE, Prefixes, describe

_SIZE: Final = "nano"
_STEPS: Final = 500
_TOKENS: Final = 8192
"""Of a step, and of a forward pass."""
_CHECKPOINT_MINUTES: Final = 2.0
"""A run that was stopped goes on from the last checkpoint."""
_RUN: Final = "benchmark"
_SOURCE: Final = "transaction"
_FIELDS: Final = (
    *("amount", *CODES, "other_country", "domestic"),
    *("other_party_met", "other_agent_met", "other_country_met"),
    *OF_THE_OTHER_SIDE,
)
_AT_ONCE: Final = 2048

Record = dict[str, Any]


def embed(run: Run, prefixes: dict[str, Prefixes]) -> dict[str, Float]:
    """Tokenize and pre-train on whole training sequences; embed every prefix."""
    events = pl.read_parquet(run.data / file_of(TRAIN, EVENTS))
    _write(run.scratch / "raw", _records(events, key_of(TRAIN)))
    shards = run.scratch / "tokenized"
    api.tokenize(run.scratch / "raw", shards, config={"seed": run.seed})
    api.pretrain(
        shards,
        _RUN,
        model_size=_SIZE,
        runs_root=run.scratch,
        max_steps=_STEPS,
        warmup_steps=_STEPS // 20,
        token_budget=_TOKENS,
        checkpoint_every_min=_CHECKPOINT_MINUTES,
        resume="auto",
        seed=run.seed,
    )
    model = PragmaModel.from_pretrained(run.scratch / _RUN)
    return {split: _embedded(model, _records(p.events, p.key)) for split, p in prefixes.items()}


def _records(events: pl.DataFrame, key: str) -> list[Record]:
    """One record a key, in order: every field as text, what is absent left out."""
    told = describe(events, key).select(key, "time", *_FIELDS)
    records: list[Record] = []
    for row in told.iter_rows(named=True):
        if not records or records[-1]["user_id"] != row[key]:
            records.append({"user_id": row[key], "events": []})
        fields = {name: str(row[name]) for name in _FIELDS if row[name] is not None}
        records[-1]["events"].append({"ts": row["time"], "source": _SOURCE, "fields": fields})
    for record in records:
        record["as_of"] = record["events"][-1]["ts"]
    return records


def _write(directory: Path, records: list[Record]) -> None:
    """The two files that pragmatiq tokenizes."""
    directory.mkdir(parents=True, exist_ok=True)
    owners = [r["user_id"] for r in records for _ in r["events"]]
    events = [event for record in records for event in record["events"]]
    columns = {
        "user_id": owners,
        "ts": [_naive(event["ts"]) for event in events],
        "source": [event["source"] for event in events],
        "fields": [list(event["fields"].items()) for event in events],
    }
    pq.write_table(pa.table(columns, schema=EVENTS_SCHEMA), directory / "events.parquet")
    profiles = {
        "user_id": [r["user_id"] for r in records],
        "as_of": [_naive(r["as_of"]) for r in records],
        "attributes": [[] for _ in records],
        "lifelong": [[] for _ in records],
    }
    pq.write_table(pa.table(profiles, schema=PROFILES_SCHEMA), directory / "profiles.parquet")


def _naive(when: datetime) -> datetime:
    """UTC without saying so, as its files have it."""
    return when.replace(tzinfo=None)


def _embedded(model: PragmaModel, records: list[Record]) -> Float:
    parts = [
        model.embed_records(records[start : start + _AT_ONCE], token_budget=_TOKENS)
        for start in range(0, len(records), _AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.float32)


if __name__ == "__main__":
    main(embed, "pragmatiq with LightGBM on the cold-start benchmark")
