"""A desk of analysts that confirms and clears alerts: late, limited and at times wrong.

Alerts with one dedup key that wait together are one matter and get one verdict. The desk
takes the matter of the highest priority first, works in office hours, asks outside about
some, and lets those go that waited too long. It lives in event time, and every draw hangs
on the seed and the alert, so the same alerts give the same verdicts in any order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from schemas.alert import Alert
from schemas.records import Disposition, Role, Verdict
from simulators.office import Office
from simulators.seeds import stream

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_HANDLING_SPREAD = 0.6

IsRisky = Callable[[str, Role], bool]
"""Whether that side of the payment with that UETR is risky in truth."""


@dataclass(frozen=True)
class DeskConfig:
    """How many analysts there are and how they work.

    Attributes:
        analysts: people at the desk.
        minutes_per_matter: mean time that a matter takes of one of them (lognormal).
        inquiry_share: share of matters that wait for an answer from outside.
        inquiry_hours: mean wait for it (exponential), in which the analyst works on.
        error_rate: share of matters that get the wrong verdict.
        abandon_days: a matter that waited so long is let go without a verdict.
        seed: decides everything that is drawn.
    """

    analysts: int = 3
    minutes_per_matter: float = 25.0
    inquiry_share: float = 0.3
    inquiry_hours: float = 30.0
    error_rate: float = 0.05
    abandon_days: float = 5.0
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse a desk that cannot be.

        Raises:
            ValueError: a value is out of its range; the message says which.
        """
        if self.analysts < 1:
            raise ValueError("analysts must be at least 1")
        for name in ("minutes_per_matter", "inquiry_hours", "abandon_days"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive")
        for name in ("inquiry_share", "error_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of the alerts.

    Attributes:
        dispositions: verdicts in the order in which they were given.
        matters: matters that got one.
        wrong: matters among them whose verdict is not the truth.
        abandoned: alerts that were let go.
    """

    dispositions: tuple[Disposition, ...]
    matters: int
    wrong: int
    abandoned: int


@dataclass
class _Matter:
    since_ms: int
    alerts: list[Alert] = field(default_factory=list)

    @property
    def priority(self) -> float:
        return max(alert.priority for alert in self.alerts)


@dataclass
class _Tray:
    """Alerts still to come, and the matters that wait."""

    coming: list[tuple[int, Alert]]
    waiting: dict[str, _Matter] = field(default_factory=dict)
    taken: int = 0

    def admit(self, now_ms: int) -> None:
        """Lay what has come by now to its matter."""
        while self.taken < len(self.coming) and self.coming[self.taken][0] <= now_ms:
            at, alert = self.coming[self.taken]
            self.waiting.setdefault(alert.dedup_key, _Matter(at)).alerts.append(alert)
            self.taken += 1

    def next_ms(self) -> int | None:
        """When the next alert comes."""
        return self.coming[self.taken][0] if self.taken < len(self.coming) else None

    def drop_older(self, before_ms: float) -> int:
        """Let matters go that came before; the number of their alerts comes back."""
        old = [key for key, matter in self.waiting.items() if matter.since_ms < before_ms]
        return sum(len(self.waiting.pop(key).alerts) for key in old)

    def take(self) -> _Matter | None:
        """The matter of the highest priority, the oldest of several."""
        if not self.waiting:
            return None
        key = min(
            self.waiting,
            key=lambda k: (-self.waiting[k].priority, self.waiting[k].since_ms, k),
        )
        return self.waiting.pop(key)


class Desk:
    """Analysts at work.

    Args:
        config: how they work.
        is_risky: the truth, which an analyst finds but for errors.
        office: when they are in.
    """

    def __init__(self, config: DeskConfig, is_risky: IsRisky, office: Office | None = None) -> None:
        self._config = config
        self._is_risky = is_risky
        self._office = office or Office()

    def work(self, alerts: Iterable[Alert]) -> Worked:
        """Work through alerts, which come at their event time; repeats of an id count once."""
        distinct = {alert.alert_id: alert for alert in alerts}
        coming = sorted(
            ((_ms(alert.event_at), alert) for alert in distinct.values()),
            key=lambda item: (item[0], item[1].alert_id),
        )
        tray = _Tray(coming)
        free = [(0, number) for number in range(1, self._config.analysts + 1)]
        verdicts: list[Disposition] = []
        matters = wrong = abandoned = 0
        while True:
            at, analyst = heapq.heappop(free)
            now = self._office.open_at(at)
            tray.admit(now)
            abandoned += tray.drop_older(now - self._config.abandon_days * _DAY_MS)
            matter = tray.take()
            if matter is None:
                upcoming = tray.next_ms()
                if upcoming is None:
                    break
                heapq.heappush(free, (max(now, upcoming), analyst))
                continue
            done, given, right = self._decide(matter, now, f"analyst-{analyst}")
            verdicts.extend(given)
            matters += 1
            wrong += not right
            heapq.heappush(free, (done, analyst))
        verdicts.sort(key=lambda d: (d.decided_at, d.alert_id))
        return Worked(tuple(verdicts), matters, wrong, abandoned)

    def _decide(
        self, matter: _Matter, now: int, analyst: str
    ) -> tuple[int, list[Disposition], bool]:
        """When the analyst is free again, the verdicts, and whether they are true."""
        config = self._config
        rng = stream(config.seed, "desk", min(alert.alert_id for alert in matter.alerts))
        spread = _HANDLING_SPREAD
        minutes = config.minutes_per_matter * rng.lognormal(-(spread**2) / 2, spread)
        asks, hours = rng.random() < config.inquiry_share, rng.exponential(config.inquiry_hours)
        right = bool(rng.random() >= config.error_rate)
        done = self._office.after(now, int(minutes * _MINUTE_MS))
        decided = self._office.open_at(done + int(hours * 60 * _MINUTE_MS)) if asks else done
        risky = any(self._is_risky(alert.uetr, alert.role) for alert in matter.alerts)
        given = [
            Disposition(
                alert_id=alert.alert_id,
                entity=alert.entity,
                uetr=alert.uetr,
                verdict=Verdict.CONFIRMED if risky == right else Verdict.CLEARED,
                analyst=analyst,
                decided_at=_EPOCH + timedelta(milliseconds=decided),
                note="after an inquiry" if asks else None,
            )
            for alert in matter.alerts
        ]
        return done, given, right


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True)
class RiskySides:
    """The sides of payments that are risky in truth, as :data:`IsRisky` asks for them."""

    sides: frozenset[tuple[str, Role]]

    def __call__(self, uetr: str, role: Role) -> bool:
        """Whether that side is one of them."""
        return (uetr, role) in self.sides

    @classmethod
    def of_folder(cls, folder: Path) -> RiskySides:
        """Read the truth that ``coldwire simulate`` wrote.

        Raises:
            FileNotFoundError: the folder holds no truth.
        """
        found = sorted((folder / "truth").glob("sides-*.parquet"))
        if not found:
            raise FileNotFoundError(str(folder / "truth"))
        return cls(frozenset(side for path in found for side in _risky(pl.read_parquet(path))))


def _risky(sides: pl.DataFrame) -> Iterator[tuple[str, Role]]:
    for role in Role:
        chosen = sides.filter(pl.col(f"{role.value}_risky"))
        yield from ((uetr, role) for uetr in chosen["uetr"])


def write_dispositions(path: Path, dispositions: Iterable[Disposition]) -> None:
    """Write verdicts as JSON lines, for a replay into the topic ``dispositions``."""
    with path.open("wb") as out:
        for disposition in dispositions:
            out.write(disposition.to_bytes() + b"\n")


def read_dispositions(path: Path) -> Iterator[Disposition]:
    """Read what :func:`write_dispositions` wrote, line by line.

    Raises:
        pydantic.ValidationError: a line is no disposition.
    """
    with path.open("rb") as lines:
        for line in lines:
            yield Disposition.from_bytes(line)
