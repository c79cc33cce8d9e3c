"""``coldwire doctor``: what is in place, what is not, and what to do about it."""

from __future__ import annotations

import asyncio
import json as json_module
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console

from agents.broker import find_java, installed
from agents.connection import Connection
from agents.topics import mismatches, partition_counts
from pipeline.errors import ColdwireError
from pipeline.settings import Settings, load_settings
from schemas.topics import TOPICS

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    says: str
    fix: str = ""


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,
) -> None:
    """Check broker, topics, database, checkpoint and device; exit 1 if something is wrong.

    Example: coldwire doctor
    """
    settings = load_settings()
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("broker", _broker),
        ("database", _database),
        ("checkpoint", _checkpoint),
        ("device", _device),
    )
    findings = [_look(subject, check, settings) for subject, check in checks]
    if json:
        sys.stdout.write(json_module.dumps([asdict(each) for each in findings]) + "\n")
    else:
        console = Console()
        for each in findings:
            mark = "[green]ok[/]  " if each.ok else "[red]bad[/] "
            console.print(f"{mark} [bold]{each.subject:<11}[/] {each.says}", highlight=False)
            if each.fix:
                console.print(f"     {'':<11} fix: {each.fix}", highlight=False)
    raise typer.Exit(0 if all(each.ok for each in findings) else 1)


def _look(subject: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(subject, True, check(settings))
    except ColdwireError as error:
        return Finding(subject, False, error.message, error.fix)


def _broker(settings: Settings) -> str:
    if settings.kafka.bootstrap_servers:
        return asyncio.run(_topics(Connection(settings.kafka)))
    if installed() and find_java() is not None:
        return "`coldwire up` will start a real Kafka"
    return (
        "`coldwire up` will start the demo broker (good for a try; "
        "`coldwire broker install` brings a real Kafka)"
    )


async def _topics(connection: Connection) -> str:
    await connection.wait_until_ready(_PATIENCE_S)
    admin = connection.admin()
    await admin.start()
    try:
        found = await partition_counts(admin)
    finally:
        await admin.close()
    wrong = mismatches(found)
    missing = [topic.name for topic in TOPICS if topic.name not in found]
    if wrong or missing:
        absent = [f"topics missing: {', '.join(missing)}"] if missing else []
        raise ColdwireError(
            "; ".join(wrong + absent), "`coldwire up` creates missing topics; delete wrong ones"
        )
    return f"answers at {connection.servers}, all {len(TOPICS)} topics as declared"


def _database(settings: Settings) -> str:
    from pipeline.store import FlagDatabase

    with FlagDatabase.open_read_only(settings.database_url) as database:
        database.check()
        return f"{database.backend}, schema up to date"


def _checkpoint(settings: Settings) -> str:
    from pipeline.model.checkpoint import SHIPPED, Checkpoint

    where = settings.checkpoint or SHIPPED
    return f"model version {Checkpoint.load(where).version} from {where}"


def _device(_: Settings) -> str:
    import torch

    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name(0)} for training; workers score on the CPU"
    return f"CPU, {torch.get_num_threads()} threads"
