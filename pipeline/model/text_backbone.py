"""A language model of text as backbone: payments are put into words, the decoder stays frozen.

It stands where :class:`~pipeline.model.backbone.Backbone` stands: read-out prompt, field heads
and risk head are trained on its states. Nothing is ever fetched, and weights are safetensors
or GGUF, never a pickle.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.errors import ColdwireError
from pipeline.model.sentences import OPENING, sentence

_ANOTHER = "give a directory with config.json, tokenizer.json and safetensors, or a .gguf file"


class TextBackbone(nn.Module):
    """Frozen decoder over the sentences of a sequence of events.

    State t is the last hidden state at the end of the sentence of event t - 1, so it has read
    events 0 .. t-1; state 0 has read the opening words. States are standardised, since in
    language models a few dimensions are hundreds of times larger than the others.

    Attributes:
        width: of its states.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, decoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self.decoder = decoder.requires_grad_(False)
        self.train(False)
        self.width = int(decoder.config.hidden_size)
        self.register_buffer("mean", torch.zeros(self.width))
        self.register_buffer("scale", torch.ones(self.width))
        opening = [] if tokenizer.bos_token_id is None else [int(tokenizer.bos_token_id)]

        def tokens(text: str) -> list[int]:
            return list(tokenizer(text, add_special_tokens=False)["input_ids"])

        @cache
        def tokens_of(codes: tuple[int, ...]) -> list[int]:
            return tokens(sentence(codes))

        self._opening = opening + tokens(OPENING)
        self._tokens_of = tokens_of

    @classmethod
    def load(cls, path: Path, dtype: torch.dtype) -> TextBackbone:
        """A decoder of transformers from local files.

        Args:
            path: directory of safetensors with tokenizer, or a GGUF file.
            dtype: what it computes in; states are float32 in any case.

        Raises:
            ColdwireError: nothing usable is there, or the model is no causal decoder.
        """
        if not path.exists():
            raise ColdwireError(f"there is no language model at {path}", _ANOTHER)
        place: dict[str, Any] = {"local_files_only": True}
        directory, kept = path, {"use_safetensors": True}
        if path.is_file():
            directory, kept = path.parent, {}
            place["gguf_file"] = path.name
        try:
            tokenizer = AutoTokenizer.from_pretrained(directory, **place)
            decoder = AutoModel.from_pretrained(directory, dtype=dtype, **place, **kept)
        except (OSError, ValueError, ImportError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ColdwireError(f"{path} cannot be loaded: {reason}", _ANOTHER) from error
        backbone = cls(decoder, tokenizer)
        if not backbone.is_causal():
            raise ColdwireError(f"the model at {path} reads ahead: it is no decoder", _ANOTHER)
        return backbone

    def train(self, mode: bool = True) -> TextBackbone:
        """Stay as in evaluation: a frozen model drops nothing out."""
        del mode
        return super().train(False)

    @torch.no_grad()
    def is_causal(self) -> bool:
        """Whether the state of a token is the same whatever comes behind it."""
        if self.decoder.config.is_encoder_decoder:
            return False
        alone = self._hidden([self._opening]).float()
        followed = self._hidden([self._opening * 2])[:, : len(self._opening)].float()
        # Not exactly equal: sums are ordered by shape, and bfloat16 keeps two to three digits.
        return float((alone - followed).abs().mean()) < 0.02 * float(alone.std())

    @torch.no_grad()
    def read(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Raw states of a batch of sequences; states behind a row's length are zero.

        Args:
            codes: [B, T, F], left-aligned.
            lengths: events of each row, [B].

        Returns:
            [B, T + 1, width], float32.

        Raises:
            ColdwireError: the sentences are longer than what the model was made for.
        """
        rows, ends = [], []
        for row, length in zip(codes.tolist(), lengths.tolist(), strict=True):
            tokens, ending = [*self._opening], [len(self._opening) - 1]
            for event in row[:length]:
                tokens += self._tokens_of(tuple(event))
                ending.append(len(tokens) - 1)
            rows.append(tokens)
            ends.append(ending)
        longest, room = max(map(len, rows)), self.decoder.config.max_position_embeddings
        if longest > room:
            raise ColdwireError(
                f"a history takes {longest} tokens and the language model reads {room}",
                "give a model with a longer context",
            )
        hidden = self._hidden(rows)
        shape = (len(codes), codes.shape[1] + 1, self.width)
        states = torch.zeros(shape, device=self.mean.device)
        for i, ending in enumerate(ends):
            states[i, : len(ending)] = hidden[i, ending].float()
        return states

    def standardise_by(self, states: Tensor) -> None:
        """Take mean and scale from raw states of training counterparties, [N, width]."""
        self.mean.copy_(states.mean(0))
        self.scale.copy_(states.std(0).clamp(min=1e-6))

    def standardised(self, states: Tensor) -> Tensor:
        """Raw states, [..., width], with mean 0 and deviation 1 over training states."""
        return (states - self.mean) / self.scale

    def forward(self, codes: Tensor) -> Tensor:
        """States of a batch of sequences of equal length; [B, T, F] to [B, T + 1, width].

        What stands behind a sequence's end cannot reach its states.
        """
        lengths = torch.full((len(codes),), codes.shape[1])
        return self.standardised(self.read(codes, lengths))

    def _hidden(self, rows: list[list[int]]) -> Tensor:
        """Last hidden states of rows of tokens, [B, longest, width]; padding stands behind."""
        embed = self.decoder.get_input_embeddings()
        ids = torch.zeros((len(rows), max(map(len, rows))), dtype=torch.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        vectors = embed(ids.to(self.mean.device))
        hidden: Tensor = self.decoder(inputs_embeds=vectors, use_cache=False).last_hidden_state
        return hidden
