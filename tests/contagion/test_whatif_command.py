from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.whatif import whatif
from pipeline.contagion.recorded import read_day
from pipeline.errors import ColdwireError
from schemas.payment import MessageType, Participant, Party, Payment
from tests.contagion.stream import START, uetr

app = typer.Typer()
app.command()(whatif)


def routing(base: int) -> str:
    """A routing number with a right check digit."""
    digits = f"{base:08d}"
    total = sum(w * int(d) for w, d in zip((3, 7, 1, 3, 7, 1, 3, 7), digits, strict=True))
    return f"{digits}{-total % 10}"


A, B, C = (routing(99_000_000 + i) for i in range(3))


def payment(n: int, debtor: str, creditor: str, amount: str, hour: int) -> Payment:
    at = START.replace(hour=hour, minute=n % 60)
    return Payment(
        message_type=MessageType.BANK,
        message_id=f"M{n}",
        uetr=uetr(n),
        created_at=at,
        settlement_date=date(2026, 1, 5),
        amount=Decimal(amount),
        local_instrument="BTRC",
        debtor=Party(name="Debtor"),
        debtor_agent=Participant(routing_number=debtor),
        creditor=Party(name="Creditor"),
        creditor_agent=Participant(routing_number=creditor),
    )


PAYMENTS = (
    payment(0, A, B, "100.10", 14),
    payment(1, B, C, "100.10", 17),
    payment(2, C, A, "50.05", 18),
    payment(3, B, B, "9.00", 18),
)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "payments-2026-01-05.jsonl"
    path.write_bytes(b"\n".join(p.to_bytes() for p in (*PAYMENTS, PAYMENTS[0])))
    return path


def test_json_lines_and_parquet_read_the_same(tmp_path: Path, lines: Path) -> None:
    frame = pl.DataFrame(
        [
            {
                "uetr": p.uetr,
                "created_at": p.created_at,
                "settlement_date": p.settlement_date,
                "amount": p.amount,
                "debtor_agent": p.debtor_agent.routing_number,
                "creditor_agent": p.creditor_agent.routing_number,
            }
            for p in PAYMENTS
        ]
    )
    frame.write_parquet(tmp_path / "payments.parquet")
    one, other = read_day([lines]), read_day([tmp_path / "payments.parquet"])
    assert one.banks == other.banks == tuple(sorted((A, B, C)))
    assert one.cents.tolist() == other.cents.tolist() == [10010, 10010, 5005]
    assert one.event_ms.tolist() == other.event_ms.tolist()
    assert one.uetr == other.uetr


def test_a_failed_bank_in_json_and_picture(tmp_path: Path, lines: Path) -> None:
    picture = tmp_path / "whatif.svg"
    result = CliRunner().invoke(
        app, [str(lines), "--fail", B, "--at", "11:00", "--json", "--picture", str(picture)]
    )
    assert result.exit_code == 0, result.output
    difference = json.loads(result.stdout)
    assert difference["disturbed"]["unsettled_usd"] == 150.15
    assert difference["disruption"]["at"] == "2026-01-05T16:00:00+00:00"
    assert b"<svg" in picture.read_bytes()


def test_table_says_what_changed(lines: Path) -> None:
    result = CliRunner().invoke(app, [str(lines.parent), "--block", f"{A}:{B}", "--at", "08:00"])
    assert result.exit_code == 0, result.output
    assert "unsettled" in result.stdout
    assert "$250.25" in result.stdout


def test_a_simulated_day_needs_no_file() -> None:
    with pytest.raises(ColdwireError, match="names the bank"):
        CliRunner().invoke(app, ["--fail", "000000000"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what fails"),
        (["--fail", A, "--block", f"{A}:{B}"], "say what fails"),
        (["--block", f"{A}:{B}", "--delay", "5"], "--delay needs a bank"),
        (["--block", A], "is not a pair"),
        (["--block", f"{A}:{A}"], "is not a pair"),
        (["--fail", A, "--at", "25:00"], "not a time of day"),
        (["--fail", A, "--at", "11:00", "--recover", "10:00"], "not after --at"),
        (["--fail", "123456789"], "names the bank"),
        (["--fail", A, "--day", "2026-02-02"], "no payments on"),
        (["--fail", A, "--picture", "what.if"], "cannot be written"),
    ],
)
def test_mistakes_are_told_with_their_fix(lines: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(ColdwireError, match=message):
        CliRunner().invoke(app, [str(lines), *arguments], catch_exceptions=False)


def test_unreadable_streams_are_told(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"amount": -1}\n')
    (tmp_path / "bad.parquet").write_text("none")
    for name, message in (
        ("bad.jsonl", "line 1"),
        ("bad.parquet", "not a Parquet file"),
        ("missing", "no file"),
        (".", "holds no payments"),
    ):
        with pytest.raises(ColdwireError, match=message):
            read_day([tmp_path / name])
