"""``coldwire benchmark``: fixed cold-start tasks, their scorer, baselines and leaderboard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.labelled import labelled_days
from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.benchmark import Benchmark, SplitSource, write_benchmark
from pipeline.evaluation.benchmark.leaderboard import leaderboard as tables_of
from pipeline.evaluation.benchmark.leaderboard import write_into
from pipeline.evaluation.benchmark.manifest import NAME, Manifest
from pipeline.evaluation.benchmark.methods import BASELINES, labelled_columns, prior_only, served
from pipeline.evaluation.benchmark.result import Method, Result, measure
from pipeline.evaluation.benchmark.submission import read_submission, write_submission
from pipeline.evaluation.benchmark.tables import LABELS, SPLITS, TEST, TRAIN, VALIDATION
from pipeline.evaluation.tuned_trees import SEEDS
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from simulators.world import World, WorldConfig

app = typer.Typer(
    help="The public cold-start benchmark: tasks, scorer, baselines, leaderboard.",
    no_args_is_help=True,
)

Float = npt.NDArray[np.float64]

_RISKY_SHARE: Final = 0.3
"""Share of risky parties: many, so that a test world of this size gives narrow intervals."""
_SEED: Final = 3100
_PRETRAIN_ITERATIONS: Final = 800
"""As many as ``coldwire train --quick`` takes."""
_FROM_BENCHMARK: Final = "benchmark"
_TRAINED_ON: Final = "benchmark"
"""Note of a checkpoint: id of the benchmark whose training table made it."""
_TABLE_WIDTH: Final = 150


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a benchmark holds.

    Attributes:
        parties: by split.
        days: business days of each world.
        most_events: events kept of each training counterparty.
    """

    parties: dict[str, int]
    days: int
    most_events: int


class Size(StrEnum):
    """Named scales."""

    SMALL = "small"
    FULL = "full"


SCALES: Final = {
    Size.SMALL: Scale({TRAIN: 8_000, VALIDATION: 3_000, TEST: 6_000}, days=22, most_events=32),
    Size.FULL: Scale({TRAIN: 40_000, VALIDATION: 10_000, TEST: 30_000}, days=40, most_events=64),
}


class OwnMethod(StrEnum):
    """Methods of this program."""

    COLDWIRE = "coldwire"
    CONTROL = "coldwire-k0"
    PRIOR = "prior-only"
    LIGHTGBM = "lightgbm"
    LIGHTGBM_OWN_HISTORY = "lightgbm-own-history"
    LOGISTIC = "logistic-regression"
    RULES = "z-score-rules"


_SERVED: Final = {
    OwnMethod.COLDWIRE: "Coldwire, adapted",
    OwnMethod.CONTROL: "Coldwire, K=0",
    OwnMethod.PRIOR: "Coldwire, prior only",
}

DataOption = Annotated[Path, typer.Option("--data", help="Directory of the benchmark.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


@app.callback()
def benchmark() -> None:
    """The public cold-start benchmark: tasks, scorer, baselines, leaderboard."""


@app.command(epilog="Example: coldwire benchmark make --out out/benchmark")
def make(
    out: Annotated[Path, typer.Option(help="Directory for the files.")],
    size: Annotated[Size, typer.Option(help="small: minutes on one core.")] = Size.SMALL,
    seed: Annotated[int, typer.Option(help="Decides the three worlds.", min=0)] = _SEED,
) -> None:
    """Write training, validation and test as Parquet, with a manifest of SHA-256 digests.

    Each split is a world of its own seed. The same size and seed give the same bytes.
    """
    manifest = make_benchmark(out, SCALES[size], size.value, seed)
    typer.echo(f"{NAME} {manifest.version}, size {size}, seed {seed}, id {manifest.data_id}: {out}")
    for split, counts in manifest.counts.items():
        for what, count in counts.items():
            unit = "" if split == TRAIN else " events seen"
            typer.echo(f"  {split}, {what}{unit}: {count['rows']:,}, risky {count['risky']:,}")


def make_benchmark(out: Path, scale: Scale, size: str, seed: int) -> Manifest:
    """Simulate a world for each split and write its tables."""
    sources = {}
    for number, split in enumerate(SPLITS, start=1):
        config = WorldConfig(
            parties=scale.parties[split],
            days=scale.days,
            seed=seed + number,
            risky_share=_RISKY_SHARE,
        )
        told: dict[str, Any] = {**asdict(config), "start": config.start.isoformat()}
        sources[split] = SplitSource(labelled_days(World(config)), told)
    return write_benchmark(out, sources, size, seed, scale.most_events)


@app.command(
    epilog="Example: coldwire benchmark score --data out/benchmark --submission mine.parquet"
)
def score(
    data: DataOption,
    submission: Annotated[
        list[Path],
        typer.Option(help="Parquet file of task and score; once a seed, the figures are means."),
    ],
    method: Annotated[str, typer.Option(help="Name on the leaderboard.")] = "unnamed",
    learned_from: Annotated[
        str, typer.Option(help="What else than the benchmark's own tables it learned from.")
    ] = _FROM_BENCHMARK,
    command: Annotated[str, typer.Option(help="How others repeat it.")] = "",
    notes: Annotated[str, typer.Option(help="Versions and settings.")] = "",
    out: Annotated[Path | None, typer.Option(help="File for the result, for a row.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure submissions by events seen, with intervals over counterparties."""
    opened = Benchmark.open(data)
    who = Method(method, learned_from, command, _today(), notes)
    _tell(_scored(opened, who, submission), out, as_json)


@app.command(
    epilog="Example: coldwire benchmark run --data out/benchmark --method lightgbm --out out/rows"
)
def run(
    data: DataOption,
    method: Annotated[OwnMethod, typer.Option(help="Which.")],
    seed: Annotated[
        list[int] | None, typer.Option(help="May be repeated; 0, 1 and 2 by default.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="For Coldwire's own; the shipped one by default.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Directory for submissions and the result.")] = Path(
        "out/benchmark-results"
    ),
    as_json: JsonOption = False,
) -> None:
    """Run a method that comes with the benchmark: write its submissions and score them."""
    opened = Benchmark.open(data)
    command = f"coldwire benchmark run --data DIR --method {method}"
    began = time.monotonic()
    if method in _SERVED:
        trained = Checkpoint.load(checkpoint or SHIPPED)
        found = {0: _of_checkpoint(opened, method, trained)}
        who = _served_by(trained, method, command, opened)
    else:
        baseline = BASELINES[method]
        seeds = (seed or list(SEEDS)) if baseline.random else [0]
        found = {each: baseline.score(opened, each) for each in seeds}
        who = Method(baseline.title, _FROM_BENCHMARK, command, _today())
    seconds = time.monotonic() - began
    written = []
    for each, scores in found.items():
        written.append(out / f"{method}-{each}.parquet")
        write_submission(written[-1], opened.test_tasks(), scores)
    Console(stderr=True).print(f"{who.name}: {seconds:.0f} s for {len(found)} submissions")
    _tell(_scored(opened, who, written), out / f"{method}.json", as_json)


@app.command(epilog="Example: coldwire benchmark train --data out/benchmark --out out/checkpoint")
def train(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Directory for the checkpoint.")],
    seed: Annotated[int, typer.Option(help="Decides weights and order.")] = 0,
) -> None:
    """Train Coldwire on the benchmark's training table alone; give it to run as --checkpoint."""
    # Torch takes seconds to import, and only training needs it.
    from pipeline.model import recipe

    opened = Benchmark.open(data)
    with Console(stderr=True).status("") as status:
        checkpoint = recipe.train(
            [labelled_columns(opened)],
            recipe.Recipe(seed=seed, pretrain_iterations=_PRETRAIN_ITERATIONS),
            lambda stage, done, of: status.update(f"{stage}, {done:,} of {of:,}"),
            out,
        )
    notes = {**checkpoint.notes, _TRAINED_ON: opened.manifest.data_id}
    replace(checkpoint, notes=notes).save(out)
    typer.echo(f"{checkpoint.version} written to {out}")


@app.command(
    epilog="Example: coldwire benchmark leaderboard out/rows/*.json --into docs/benchmark.md"
)
def leaderboard(
    results: Annotated[list[Path], typer.Argument(help="Results that score or run wrote.")],
    against: Annotated[
        str, typer.Option(help="Method that the others are compared with, in pairs.")
    ] = BASELINES[OwnMethod.LIGHTGBM].title,
    into: Annotated[
        Path | None, typer.Option(help="Page whose tables are replaced; else they are printed.")
    ] = None,
) -> None:
    """Render results of the same data as Markdown tables."""
    tables = tables_of([Result.load(path) for path in results], against)
    if into is None:
        typer.echo(tables, nl=False)
    else:
        write_into(into, tables)
        typer.echo(f"{len(results)} rows written into {into}")


def _of_checkpoint(opened: Benchmark, method: OwnMethod, checkpoint: Checkpoint) -> Float:
    if method is OwnMethod.PRIOR:
        return prior_only(checkpoint, opened)
    return served(checkpoint, opened, adapts=method is OwnMethod.COLDWIRE)


def _served_by(
    checkpoint: Checkpoint, method: OwnMethod, command: str, opened: Benchmark
) -> Method:
    """Say what the checkpoint was trained on: these tables alone, or a world of its own."""
    title, version = _SERVED[method], checkpoint.version
    if checkpoint.notes.get(_TRAINED_ON) == opened.manifest.data_id:
        command = f"{command} --checkpoint DIR2, of coldwire benchmark train --out DIR2"
        return Method(f"{title}, retrained", _FROM_BENCHMARK, command, _today(), version)
    world = checkpoint.notes.get("world")
    told = (
        f"own world: {world['parties']:,} parties, {world['days']} days, seed {world['seed']}"
        if world
        else "what its checkpoint does not say"
    )
    return Method(title, told, command, _today(), version)


def _scored(opened: Benchmark, who: Method, submissions: Sequence[Path]) -> Result:
    manifest, tasks = opened.manifest, opened.test_tasks()
    data: dict[str, str | int] = {
        "name": manifest.name,
        "version": manifest.version,
        "size": manifest.size,
        "seed": manifest.seed,
        "id": manifest.data_id,
    }
    scores = [read_submission(path, tasks) for path in submissions]
    return measure(who, data, opened.table(TEST, LABELS), scores)


def _tell(result: Result, out: Path | None, as_json: bool) -> None:
    if out is not None:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(result.as_json())
        except OSError as error:
            raise ColdwireError(
                f"{out} cannot be written: {error.strerror}", "give another --out"
            ) from error
    if as_json:
        typer.echo(result.as_json(), nl=False)
        return
    table = Table(title=f"{result.method.name}, {result.seeds} submissions", title_justify="left")
    for name in ("events seen", "tasks", "risky", *result.figures):
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for where, tasks in result.tasks.items():
        cells = [result.figures[metric][where] for metric in result.figures]
        shown = (f"{cell:.3f}" for cell in cells)
        table.add_row(where, f"{tasks:,}", f"{result.risky[where]:,}", *shown)
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
