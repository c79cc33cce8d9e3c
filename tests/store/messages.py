"""Messages for the tests of the flag database: fixed by their numbers, and at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.alert import Action, Alert, AlertKind, GraphPath, PathHop, Reason
from schemas.dead_letter import DeadLetter, Fault
from schemas.flag import Exposure, Flag
from schemas.ids import alert_id, dead_letter_id, flag_id, score_id, stable_id
from schemas.records import Disposition, FlagState, Role, Verdict
from schemas.score import Band, Score, StageTimings, Tier
from schemas.wire import Wire

START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
MODEL = "m1"


def uetr(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-{n:012x}"


def party(n: int) -> str:
    return "party:" + stable_id("test", str(n))


def bank(n: int) -> str:
    return f"bank:{n:09d}"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def timings(ms: float = 1.5) -> StageTimings:
    return StageTimings(queue_ms=ms, encode_ms=0.25, score_ms=2.0, adapt_ms=0.0)


def score(
    n: int, *, entity: int = 1, tier: Tier = Tier.IN_CONTEXT, probability: float = 0.1,
    late: bool = False, latency_ms: float = 12.0, seconds: float | None = None,
) -> Score:  # fmt: skip
    when = at(n if seconds is None else seconds)
    return Score(
        score_id=score_id(uetr(n), party(entity), "debtor", MODEL),
        uetr=uetr(n), entity=party(entity), role=Role.DEBTOR, counterparty=party(entity + 1000),
        amount=1000.0 + n, probability=probability, lower=0.0, upper=1.0, band=Band.LOW,
        threshold=0.5, events_seen=n, tier=tier, inner_steps=0, prompt_version=0,
        model_version=MODEL, exposure=0.0, event_at=when, arrived_at=when,
        scored_at=when + timedelta(milliseconds=latency_ms), deadline_ms=275,
        deadline_missed=late, timings=timings(latency_ms),
    )  # fmt: skip


def reason(code: str = "new_counterparty", text: str = "first payment to this party") -> Reason:
    return Reason(code=code, text=text, weight=0.7, evidence={"payments": 0, "amount": 1250.5})


def path(seed: int = 9, share: float = 0.8) -> GraphPath:
    hop = PathHop(debtor=party(seed), creditor=party(1), payments=2, amount=9e5, last_at=START)
    return GraphPath(seed=party(seed), hops=(hop,), share=share, text="$900,000 in 2 payments")


def alert(
    n: int, *, entity: int = 1, kind: AlertKind = AlertKind.DIRECT,
    reasons: tuple[Reason, ...] | None = None, probability: float = 0.93,
) -> Alert:  # fmt: skip
    direct = kind is AlertKind.DIRECT
    return Alert(
        alert_id=alert_id(kind.value, uetr(n), party(entity), "debtor", MODEL), kind=kind,
        dedup_key=stable_id("matter", party(entity)), uetr=uetr(n), entity=party(entity),
        role=Role.DEBTOR, counterparty=party(entity + 1000), amount=1000.0 + n, event_at=at(n),
        arrived_at=at(n), scored_at=at(n + 0.02), probability=probability if direct else None,
        lower=0.8 if direct else None, upper=0.99 if direct else None, band=Band.CRITICAL,
        threshold=0.5, events_seen=n if direct else None, tier=Tier.ADAPTED if direct else None,
        inner_steps=3 if direct else None, prompt_version=1 if direct else None,
        model_version=MODEL, reasons=reasons or (reason(), reason("round_amount", "a round sum")),
        exposure=0.0 if direct else 0.4, paths=() if direct else (path(8, 0.3), path(9, 0.8)),
        priority=1.5, action=Action.HOLD_AND_REVIEW, deadline_ms=275, deadline_missed=False,
        timings=timings(),
    )  # fmt: skip


def flag(
    n: int, *, revision: int = 0, state: FlagState = FlagState.RAISED, entity: int = 1,
    kind: AlertKind = AlertKind.DIRECT, severity: float = 0.9, cause: int | None = None,
) -> Flag:  # fmt: skip
    direct = kind is AlertKind.DIRECT
    return Flag(
        flag_id=flag_id(kind.value, party(entity), uetr(n)), revision=revision, kind=kind,
        entity=party(entity), state=state, severity=severity, event_at=at(n + 60 * revision),
        expires_at=at(86_400), uetr=uetr(n), paths=() if direct else (path(),),
        alert_id=None if cause is None else alert(cause, entity=entity, kind=kind).alert_id,
    )  # fmt: skip


def exposure(n: int, *, entity: int = 1, value: float = 0.4) -> Exposure:
    return Exposure(
        exposure_id=stable_id("exposure", party(entity), str(n)), entity=party(entity),
        exposure=value, residual_bound=1e-4, event_at=at(n), uetr=uetr(n), paths=(path(),),
    )  # fmt: skip


def disposition(
    n: int, *, entity: int = 1, verdict: Verdict = Verdict.CONFIRMED, hours: float = 5,
    analyst: str = "analyst-1",
) -> Disposition:  # fmt: skip
    return Disposition(
        alert_id=alert(n, entity=entity).alert_id, entity=party(entity), uetr=uetr(n),
        verdict=verdict, analyst=analyst, decided_at=at(n) + timedelta(hours=hours),
        note="seen the invoices",
    )  # fmt: skip


def dead_letter(n: int, *, original: bytes = b'{"amount": NaN, "%s": "\xff\x00"}') -> DeadLetter:
    return DeadLetter(
        dead_letter_id=dead_letter_id("payments", 0, n, b""), topic="payments", partition=0,
        offset=n, fault=Fault.INVALID_FIELD, field="amount", arrived_at=at(n),
        hint="write a positive number with at most two decimals", original=original,
        original_size=len(original),
    )  # fmt: skip


def _numbered() -> st.SearchStrategy[Wire]:
    """Messages whose ids meet often, with other contents under the same id."""
    small = st.integers(0, 3)
    chance = st.floats(0, 1)
    return st.one_of(
        st.builds(lambda n, p: score(n, probability=p), small, chance),
        st.builds(
            lambda n, count: alert(n, reasons=tuple(reason(f"code_{i}") for i in range(count))),
            small,
            st.integers(1, 4),
        ),
        st.builds(lambda n, r, s: flag(n, revision=r, severity=s), small, small, chance),
        st.builds(lambda n, v: exposure(n, value=v), small, chance),
        st.builds(
            lambda n, verdict: disposition(n, verdict=verdict), small, st.sampled_from(Verdict)
        ),
        st.builds(lambda n, data: dead_letter(n, original=data), small, st.binary(max_size=20)),
    )


def batches() -> st.SearchStrategy[list[list[Wire]]]:
    """Batches in a row, full of repeats within and between them."""
    return st.lists(st.lists(_numbered(), max_size=12), max_size=4)
