"""A neighbourhood as SVG, and as a page with its paths in words. Money moves to the right."""

from __future__ import annotations

import math
from collections import defaultdict
from html import escape

from pipeline.contagion.neighbourhood import Neighbourhood, Place, Stream
from pipeline.contagion.paths import money, short

_COLUMN, _ROW, _MARGIN = 230, 62, 90
_RADIUS = 13
_FLAGGED, _CONTAGION, _CALM, _PATH, _FLOW = "#c0392b", "#e67e22", "#5d6d7e", "#c0392b", "#aab4be"
_STYLE = (
    "text{font:12px sans-serif;fill:#1c2833}.small{font-size:10px;fill:#566573}"
    "@media(prefers-color-scheme:dark){text{fill:#ecf0f1}.small{fill:#aab7b8}}"
)
_Spot = tuple[float, float]


def flow_svg(scene: Neighbourhood) -> str:
    """Payers left of the entity, payees right of it, in columns by distance."""
    columns: dict[int, list[Place]] = defaultdict(list)
    for place in scene.places:
        columns[place.column].append(place)
    tallest = max(len(places) for places in columns.values())
    first, last = min(columns), max(columns)
    width = (last - first) * _COLUMN + 2 * _MARGIN + 60
    height = tallest * _ROW + 2 * _MARGIN
    spots: dict[str, _Spot] = {}
    for column, places in columns.items():
        top = (height - (len(places) - 1) * _ROW) / 2
        for i, place in enumerate(places):
            spots[place.entity] = (_MARGIN + (column - first) * _COLUMN, top + i * _ROW)
    return _svg(scene, spots, width, height)


def core_svg(scene: Neighbourhood) -> str:
    """The participants on a ring, the largest at the top, clockwise."""
    count = len(scene.places)
    radius = max(240.0, count * 80 / math.tau)
    size = 2 * (radius + _MARGIN)
    spots: dict[str, _Spot] = {}
    for i, place in enumerate(scene.places):
        angle = math.tau * i / count - math.tau / 4
        spots[place.entity] = (
            size / 2 + radius * math.cos(angle),
            size / 2 + radius * math.sin(angle),
        )
    return _svg(scene, spots, size, size)


def page(scene: Neighbourhood, drawing: str) -> str:
    """An HTML page that needs nothing else: the drawing, and the paths in words."""
    title = escape(f"Coldwire: {scene.entity}")
    lines = "".join(
        f"<li>{escape(path.text)} ({path.share:.0%} of the exposure)</li>" for path in scene.paths
    )
    paths = f"<h2>Paths</h2><ol>{lines}</ol>" if lines else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        "<style>:root{color-scheme:light dark}body{font:15px sans-serif;margin:2em}"
        "svg{max-width:100%;height:auto}</style></head><body>"
        f"<h1>{escape(scene.entity)}</h1><p>Exposure {scene.exposure:.4f}, "
        f"error at most {scene.residual_bound:.4f}. Red: flagged. Orange: near a flagged one. "
        f"Red lines: the paths.</p>{drawing}{paths}</body></html>\n"
    )


def _svg(scene: Neighbourhood, spots: dict[str, _Spot], width: float, height: float) -> str:
    most = max((stream.recent for stream in scene.streams), default=0.0)
    ordered = sorted(scene.streams, key=lambda stream: stream.on_path)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(scene.entity)} and its flows"><style>{_STYLE}</style>',
        *(_marker(name, colour) for name, colour in (("flow", _FLOW), ("path", _PATH))),
        *(_curve(stream, spots, most) for stream in ordered),
        *(_node(place, spots[place.entity], scene.entity) for place in scene.places),
        "</svg>",
    ]
    return "".join(parts)


def _marker(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{colour}"/></marker>'
    )


def _curve(stream: Stream, spots: dict[str, _Spot], most: float) -> str:
    (x1, y1), (x2, y2) = spots[stream.debtor], spots[stream.creditor]
    distance = math.hypot(x2 - x1, y2 - y1) or 1.0
    ux, uy = (x2 - x1) / distance, (y2 - y1) / distance
    bend = 0.12 * distance
    cx, cy = (x1 + x2) / 2 - uy * bend, (y1 + y2) / 2 + ux * bend
    x1, y1 = x1 + ux * _RADIUS, y1 + uy * _RADIUS
    x2, y2 = x2 - ux * (_RADIUS + 3), y2 - uy * (_RADIUS + 3)
    thick = 0.8 + 4.0 * math.sqrt(stream.recent / most) if most > 0 else 0.8
    kind, colour = ("path", _PATH) if stream.on_path else ("flow", _FLOW)
    told = (
        f"{stream.debtor} to {stream.creditor}: {stream.payments} "
        f"{'payment' if stream.payments == 1 else 'payments'}, {money(stream.amount)}"
    )
    curve = (
        f'<path d="M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}" fill="none" '
        f'stroke="{colour}" stroke-width="{thick:.1f}" marker-end="url(#{kind})">'
        f"<title>{escape(told)}</title></path>"
    )
    if not stream.on_path:
        return curve
    tx, ty = (x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4
    words = escape(f"{money(stream.amount)} in {stream.payments}")
    return curve + f'<text class="small" x="{tx:.1f}" y="{ty:.1f}">{words}</text>'


def _node(place: Place, spot: _Spot, centre: str) -> str:
    x, y = spot
    if place.severity > 0:
        colour, told = _FLAGGED, f"flagged, severity {place.severity:.2f}"
    elif place.contagion:
        colour, told = _CONTAGION, f"contagion flag, exposure {place.exposure:.3f}"
    else:
        colour, told = _CALM, f"exposure {place.exposure:.3f}"
    ring = ' stroke="#1c2833" stroke-width="3"' if place.entity == centre else ""
    return (
        f'<g><title>{escape(place.entity)}: {told}</title><circle cx="{x:.1f}" cy="{y:.1f}" '
        f'r="{_RADIUS}" fill="{colour}"{ring}/><text x="{x:.1f}" y="{y + 27:.1f}" '
        f'text-anchor="middle">{escape(short(place.entity))}</text></g>'
    )
