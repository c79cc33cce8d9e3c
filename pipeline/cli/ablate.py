"""``coldwire ablate``: change one part of the model and measure what it was worth."""

from __future__ import annotations

import typer

from pipeline.cli.ablate_backbone import backbone
from pipeline.cli.ablate_prompt import prompt

app = typer.Typer(help="Change one part of the model and measure.", no_args_is_help=True)
app.command("prompt")(prompt)
app.command("backbone")(backbone)


@app.callback()
def group() -> None:
    """Change one part of the model and measure what it was worth."""
