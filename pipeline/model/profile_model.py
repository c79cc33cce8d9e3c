"""The model behind a profile: backbone, soft prompt, likelihood and risk heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import torch
from torch import Tensor, nn

from pipeline.encoding import N_FIELDS, WINDOW
from pipeline.model.backbone import Architecture, Backbone
from pipeline.model.exact_gradient import ExactGradient
from pipeline.model.fixed_shapes import by_length, in_fixed_shapes
from pipeline.model.heads import FieldHeads, RiskHead
from pipeline.model.inner_loop import StepSizes, take_steps
from pipeline.model.prompt import PromptReadout

_HELD_OUT_SHARE: Final = 4
"""One in so many of the own events, the newest, judges an adapted prompt."""


@dataclass(frozen=True, slots=True)
class RiskOutput:
    """What the model says about B events."""

    logit: Tensor
    """Log odds of risk, [B]; not calibrated."""
    surprise: Tensor
    """Negative log likelihood of each field before the event came, [B, F], in nats."""
    hidden: Tensor
    """Hidden units of the risk head, [B, H]."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """Prompts after the inner loop."""

    prompts: Tensor
    """[B, P, d]; the old ones in rows that were not accepted."""
    accepted: Tensor
    """Whether the loss on held-out own events fell, [B]."""
    loss_before: Tensor
    """Loss of the old prompts on the held-out events, nats per field, [B]."""
    loss_after: Tensor
    """Loss of the adapted prompts on the same events, [B]."""
    steps: int
    """Inner steps that each accepted row took."""


@dataclass(frozen=True, slots=True)
class OwnEvents:
    """States and targets of B windows: all that the inner loop needs of the backbone."""

    states: Tensor
    """[B, WINDOW, d]; state t predicts event t."""
    queries: Tensor
    codes: Tensor
    cells: Tensor
    """Which fields of which events count, [B, WINDOW, F], 0 or 1."""


class ProfileModel(nn.Module):
    """Scores events in the context of their history and adapts prompts to it.

    At serving it is in eval mode and its parameters are frozen. Rows never mix: a row's bits
    do not depend on the rest of its batch.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = Backbone(architecture)
        self.field_heads = FieldHeads(architecture.width)
        self.readout = PromptReadout(architecture)
        self.steps = StepSizes(
            architecture.inner_steps, architecture.prompt_vectors, architecture.width
        )
        self.field_weight = nn.Parameter(torch.zeros(N_FIELDS))
        self.risk = RiskHead(architecture.width, architecture.risk_hidden)

    def frozen(self) -> Self:
        """This model, its parameters fixed, laid out for serving."""
        self.eval().requires_grad_(False)
        self.backbone.freeze()
        return self

    def start_prompts(self, n: int) -> Tensor:
        """The meta-learned start for n counterparties, [n, P, d]."""
        return self.readout.start.detach().repeat(n, 1, 1)

    @torch.inference_mode()
    def score(
        self,
        window: Tensor,
        lengths: Tensor,
        codes: Tensor,
        features: Tensor,
        prompts: Tensor,
    ) -> RiskOutput:
        """Score B events, each in the context of its entity's history.

        Args:
            window: codes of the last events, oldest first, left-aligned, [B, WINDOW, F].
            lengths: events in each window, [B], 0 to WINDOW.
            codes: codes of the new events, [B, F].
            features: features of the new events, [B, A], NaN where unknown.
            prompts: [B, P, d]; pass :meth:`start_prompts` for the unadapted score (K = 0).
        """
        return RiskOutput(*by_length(self._in_context, window, lengths, codes, features, prompts))

    @torch.inference_mode()
    def prior(self, codes: Tensor, features: Tensor) -> RiskOutput:
        """Score B events as if their entities had no history: the zero-history tier."""
        return RiskOutput(*in_fixed_shapes(self._without_history, codes, features))

    def _in_context(
        self, window: Tensor, lengths: Tensor, codes: Tensor, features: Tensor, prompts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        rows = torch.arange(len(window))
        sequence = torch.cat([window, torch.zeros_like(window[:, :1])], dim=1)
        sequence[rows, lengths] = codes
        states = self.backbone(sequence)
        before, after = states[rows, lengths], states[rows, lengths + 1]
        newest = sequence[rows, (lengths - 1).clamp(min=0)]
        last = torch.where((lengths > 0)[:, None], newest, torch.zeros_like(codes))
        return self._judge(before, after, last, codes, features, prompts)

    def _without_history(self, codes: Tensor, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states = self.backbone(codes[:, None])
        prompts = self.start_prompts(len(codes))
        return self._judge(
            states[:, 0], states[:, 1], torch.zeros_like(codes), codes, features, prompts
        )

    def _judge(
        self,
        before: Tensor,
        after: Tensor,
        last: Tensor,
        codes: Tensor,
        features: Tensor,
        prompts: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logit, surprise and hidden units from the states before and after the new event."""
        states = torch.stack([before, after], dim=1)
        queries = self.readout.queries(states, torch.stack([last, codes], dim=1))
        read = self.readout(states, queries, prompts)
        surprise = self.field_heads.negative_log_likelihood(read[:, 0], codes)
        hidden = self.risk.hidden(read[:, 1], surprise, features)
        return self.risk(hidden), surprise, hidden

    @torch.no_grad()
    def own_events(self, window: Tensor, lengths: Tensor, trusted: Tensor) -> OwnEvents:
        """Run the backbone over B windows once, for any number of inner steps.

        A full window may have lost its beginning: its first event then has no true context,
        so it is not a target.
        """
        states = self.backbone(window)[:, :-1]
        read_last = torch.cat([torch.zeros_like(window[:, :1]), window[:, :-1]], dim=1)
        queries = self.readout.queries(states, read_last)
        position = torch.arange(window.shape[1])
        has_context = (position > 0) | (lengths < WINDOW)[:, None]
        counts = (position < lengths[:, None]) & has_context & trusted
        cells = counts[:, :, None].expand(-1, -1, N_FIELDS).to(states)
        return OwnEvents(states, queries, window, cells)

    def own_loss(self, own: OwnEvents, prompts: Tensor, weighted: bool) -> Tensor:
        """Next-event loss of B windows under prompts, [B].

        Weighted: the inner loss, summed over events, fields weighted as meta-learned.
        Otherwise the plain mean over all counted fields and events.
        """
        read = self.readout(own.states, own.queries, prompts)
        nll = self.field_heads.negative_log_likelihood(read, own.codes) * own.cells
        if weighted:
            return (nll * torch.softmax(self.field_weight, dim=0)).sum((1, 2))
        return nll.sum((1, 2)) / own.cells.sum((1, 2)).clamp(min=1)

    def adapt(
        self,
        window: Tensor,
        lengths: Tensor,
        prompts: Tensor,
        trusted: Tensor | None = None,
    ) -> Adapted:
        """Adapt prompts to the own history by K inner steps on its next-event likelihood.

        While the window holds the whole history the loop begins at the meta-learned start;
        once it is full it goes on from the present prompt, which then remembers what the
        window forgot. A quarter of the own events, the newest, is held out (of a single
        event, half of its fields): only rows whose held-out loss falls take the prompt that
        is then fitted to all their events.

        Args:
            window: [B, WINDOW, F], left-aligned.
            lengths: [B].
            prompts: present prompts, [B, P, d].
            trusted: which events of the window may be learned from, [B, WINDOW]; all by
                default.
        """
        if trusted is None:
            trusted = torch.ones(window.shape[:2], dtype=torch.bool)
        chosen, accepted, before, after = by_length(self._adapt, window, lengths, prompts, trusted)
        return Adapted(chosen, accepted, before, after, len(self.steps))

    def _adapt(
        self, window: Tensor, lengths: Tensor, prompts: Tensor, trusted: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        own = self.own_events(window, lengths, trusted[:, : window.shape[1]])
        return self.adapt_own(own, lengths < WINDOW, prompts)

    @torch.no_grad()
    def adapt_own(
        self, own: OwnEvents, whole: Tensor, prompts: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The inner loop of :meth:`adapt`, on states that are there already.

        Args:
            own: states and targets.
            whole: whether they reach back to the first event of the row, [B].
            prompts: present prompts, [B, P, d].

        Returns:
            Prompts, accepted, loss before and loss after, as in :class:`Adapted`.
        """
        fit, held = _split(own.cells)
        start = self.readout.start.detach()
        begin = torch.where(whole[:, None, None], start, prompts)
        gradient = ExactGradient.of(
            self.readout, self.field_heads, own.states, own.queries, own.codes
        )
        # The candidate that is judged and the prompt that is served, side by side.
        candidate, final = self._fit(
            gradient.doubled(), torch.cat([fit, own.cells]), begin.repeat(2, 1, 1), start
        ).chunk(2)
        judged = held.sum((1, 2))
        mean = held / judged.clamp(min=1)[:, None, None]
        before, after = gradient.loss(prompts, mean), gradient.loss(candidate, mean)
        accepted = (after < before) & (judged > 0)
        chosen = torch.where(accepted[:, None, None], final, prompts)
        return chosen, accepted, before, after

    def _fit(self, gradient: ExactGradient, cells: Tensor, begin: Tensor, start: Tensor) -> Tensor:
        weighted = cells * torch.softmax(self.field_weight, dim=0)
        events = cells.amax(2).sum(1)
        return take_steps(
            begin, start, lambda prompts: gradient.at(prompts, weighted), self.steps, events
        )


def _split(cells: Tensor) -> tuple[Tensor, Tensor]:
    """Cells to fit and cells to judge by; together they are all cells."""
    counts = cells[:, :, 0]
    number = counts.sum(1)
    newest_first = counts.flip(1).cumsum(1).flip(1)
    held_out = counts * (newest_first <= torch.ceil(number / _HELD_OUT_SHARE)[:, None])
    by_event = held_out[:, :, None].expand_as(cells)
    odd = (torch.arange(cells.shape[2]) % 2).to(cells)
    single = (number == 1)[:, None, None]
    held = cells * torch.where(single, odd.expand_as(cells), by_event)
    return cells - held, held
