"""A small document of headings, text, tables and pictures, as Markdown and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_STYLE: Final = """
body { max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem; color: #1d2730;
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; margin-bottom: .2rem; } h2 { margin-top: 2.6rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .9rem .28rem 0; text-align: left; border-bottom: 1px solid #e3e8ec; }
th { font-weight: 600; border-bottom-color: #9aa7b1; }
td.number, th.number { text-align: right; }
.inside { color: #1a7f4b; } .outside { color: #b3261e; font-weight: 600; }
figure { margin: 1.2rem 0; } figure svg { width: 100%; height: auto; }
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; cells are ready text, columns whose cells all look like numbers go right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def is_number(self, column: int) -> bool:
        """Whether a column is set to the right."""
        cells = [row[column] for row in self.rows if row[column]]
        return bool(cells) and all(cell[0] in "0123456789-–±<$" for cell in cells)


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG with what it shows."""

    name: str
    svg: str
    caption: str


Block = Heading | Paragraph | Grid | Picture


def to_markdown(blocks: Sequence[Block], pictures: str) -> str:
    """Write Markdown; pictures lie as SVG files in the folder ``pictures``."""
    return "\n\n".join(_markdown(block, pictures) for block in blocks) + "\n"


def _markdown(block: Block, pictures: str) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Picture(name, _, caption):
            return f"![{caption}]({pictures}/{name}.svg)\n\n*{caption}*"
        case Grid(header, rows):
            marks = ["---:" if block.is_number(i) else "---" for i in range(len(header))]
            lines = [header, marks, *rows]
            return "\n".join(
                f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines
            )


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """Write one HTML file that needs nothing else."""
    body = "\n".join(map(_html, blocks))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Picture(_, svg, caption):
            drawing = svg[svg.index("<svg") :]
            return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
        case Grid(header, rows):
            head = "".join(_cell("th", cell, block.is_number(i)) for i, cell in enumerate(header))
            lines = (
                "".join(_cell("td", cell, block.is_number(i)) for i, cell in enumerate(row))
                for row in rows
            )
            body = "\n".join(f"<tr>{line}</tr>" for line in lines)
            return f"<table><tr>{head}</tr>\n{body}</table>"


def _cell(tag: str, text: str, number: bool) -> str:
    classes = ["number"] * number + [text] * (text in ("inside", "outside"))
    mark = f' class="{" ".join(classes)}"' if classes else ""
    return f"<{tag}{mark}>{escape(text)}</{tag}>"
