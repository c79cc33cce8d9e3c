"""The pictures of the fidelity report, as SVG with the same bytes for the same numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from simulators.codes import BANK, CUSTOMER, RETURN
from simulators.fidelity.measures import Fidelity, Peer
from simulators.fidelity.motifs import MOTIFS
from simulators.fidelity.network import fedwire_value
from simulators.fidelity.rhythm import AMOUNT_EDGES

_BLUE: Final = "#2a6f97"
_AMBER: Final = "#e09f3e"
_GREY: Final = "#7d8a94"
_RED: Final = "#b3261e"
_GAPS: Final = (0.1, 0.5, 0.9)
_FIRST_HOUR: Final = 21

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "coldwire",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e8ec",
    "legend.frameon": False,
}


class Drawing:
    """A figure that ends as SVG text."""

    def __init__(self) -> None:
        self.svg = ""


@contextmanager
def _drawn(columns: int, height: float) -> Iterator[tuple[Any, Drawing]]:
    """Axes to draw on; when the block ends, the drawing holds its SVG."""
    drawing = Drawing()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, height), layout="constrained")
        axes = figure.subplots(1, columns)
        yield axes, drawing
        out = io.StringIO()
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(out, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    drawing.svg = out.getvalue()


def _tail(axis: Any, degrees: npt.NDArray[np.int64], colour: str, label: str) -> None:
    values, counts = np.unique(degrees[degrees > 0], return_counts=True)
    share = np.cumsum(counts[::-1])[::-1] / counts.sum()
    axis.loglog(values, share, ".", color=colour, markersize=4, label=label)


def degrees(fidelity: Fidelity) -> str:
    """Degrees of the first day against the slope of Fedwire's tail."""
    day = fidelity.networks[0]
    with _drawn(2, 3.4) as (axes, drawing):
        for axis, found, exponent, name in (
            (axes[0], day.out_degrees, fedwire_value("out_exponent"), "out-degree"),
            (axes[1], day.in_degrees, fedwire_value("in_exponent"), "in-degree"),
        ):
            _tail(axis, found, _BLUE, "this world")
            start = float((found >= 10).sum()) / max(float((found > 0).sum()), 1.0)
            k = np.array([10.0, max(float(found.max()), 20.0)])
            slope = start * (k / 10.0) ** (1 - exponent)
            axis.loglog(k, slope, "--", color=_RED, label=f"Fedwire, exponent {exponent}")
            axis.set_title(f"Participants with that {name} or more")
            axis.set_xlabel(name)
            axis.legend()
        axes[0].set_ylabel("share of participants")
    return drawing.svg


def hours(fidelity: Fidelity) -> str:
    """When payments and their value are made, and when payments come back.

    Returns have a picture of their own: they are too few to be seen beside the others.
    """
    rhythm = fidelity.rhythm
    labels = [f"{(_FIRST_HOUR + hour) % 24}" for hour in range(rhythm.volume.shape[1])]
    place = np.arange(len(labels))
    with _drawn(3, 3.2) as (axes, drawing):
        for axis, counted, name in (
            (axes[0], rhythm.volume, "payments"),
            (axes[1], rhythm.value, "value"),
        ):
            share = 100.0 * counted / counted.sum()
            banks = share[BANK]
            axis.bar(place, share[CUSTOMER], color=_AMBER, label="customers (pacs.008)")
            axis.bar(place, banks, bottom=share[CUSTOMER], color=_BLUE, label="banks (pacs.009)")
            axis.set_title(f"Share of the day's {name}, per cent")
        back = rhythm.volume[RETURN]
        axes[2].bar(place, 100.0 * back / max(back.sum(), 1.0), color=_GREY)
        axes[2].set_title("Share of the day's returns, per cent")
        for axis in axes:
            axis.set_xticks(place[::3], labels[::3])
            axis.set_xlabel("hour in New York")
        axes[1].legend(loc="upper left")
    return drawing.svg


def amounts(fidelity: Fidelity) -> str:
    """How large payments are."""
    found = fidelity.rhythm.amounts
    with _drawn(1, 3.0) as (axis, drawing):
        for row, colour, name in ((0, _AMBER, "customers"), (1, _BLUE, "banks")):
            axis.stairs(
                100.0 * found[row] / found.sum(), AMOUNT_EDGES, fill=True, alpha=0.6,
                color=colour, label=name,
            )  # fmt: skip
        for dollars, name in ((3e4, "median on Fedwire"), (5.4e6, "mean on Fedwire")):
            axis.axvline(np.log10(dollars), color=_RED, linestyle="--", linewidth=1)
            axis.text(np.log10(dollars) + 0.05, axis.get_ylim()[1] * 0.93, name, color=_RED)
        axis.set_xticks(range(0, 12), [f"$10^{{{power}}}$" for power in range(12)])
        axis.set_title("Share of the payments of each amount, per cent")
        axis.legend(loc="upper left")
    return drawing.svg


def gaps(fidelity: Fidelity) -> str:
    """How long a customer waits until it pays again for the same purpose."""
    rhythm = fidelity.rhythm
    found = {name: rhythm.gap_quantiles(name, _GAPS) for name in rhythm.families}
    known = sorted((q, name) for name, q in found.items() if q)
    with _drawn(1, 0.6 + 0.3 * max(len(known), 1)) as (axis, drawing):
        for row, ((low, middle, high), name) in enumerate(known):
            colour = _RED if name == "scheme" else _BLUE
            ends = [max(low, 1e-5), max(high, 1e-5)]
            axis.plot(ends, [row, row], color=colour, linewidth=3, solid_capstyle="round")
            axis.plot([max(middle, 1e-5)], [row], "o", color=colour, markersize=7)
        axis.set_xscale("log")
        axis.set_yticks(range(len(known)), [name for _, name in known])
        axis.set_xlabel("days between two payments: 10 %, median, 90 %")
        axis.set_title("Rhythm of each family")
    return drawing.svg


def newcomers(fidelity: Fidelity) -> str:
    """How many customers are new on each day."""
    rhythm = fidelity.rhythm
    day = np.arange(1, len(rhythm.newcomers) + 1)
    share = 100.0 * np.array(rhythm.newcomers) / np.maximum(np.array(rhythm.sides), 1)
    with _drawn(2, 2.8) as (axes, drawing):
        axes[0].bar(day, rhythm.newcomers, color=_BLUE)
        axes[0].set_title("Customers seen for the first time")
        axes[1].plot(day, share, "o-", color=_AMBER)
        axes[1].set_ylim(bottom=0)
        axes[1].set_title("Share of sides that are a first payment, per cent")
        for axis in axes:
            axis.set_xlabel("day")
    return drawing.svg


def motifs(peer: Peer) -> str:
    """Patterns beside those of another data set."""
    place = np.arange(len(MOTIFS))
    with _drawn(1, 3.0) as (axis, drawing):
        for shift, counts, colour, name in (
            (-0.2, peer.world, _BLUE, "this world"),
            (0.2, peer.other, _GREY, peer.name),
        ):
            height = [max(counts.per_thousand[motif], 1e-2) for motif in MOTIFS]
            axis.bar(place + shift, height, 0.38, color=colour, label=name)
        axis.set_yscale("log")
        axis.set_xticks(place, list(MOTIFS))
        axis.set_title("Patterns per 1,000 accounts")
        axis.legend()
    return drawing.svg


def prevalence(fidelity: Fidelity) -> str:
    """Schemes and look-alikes of each typology."""
    found = fidelity.typologies
    place = np.arange(len(found))
    with _drawn(1, 0.8 + 0.28 * len(found)) as (axis, drawing):
        axis.barh(place - 0.2, [t.schemes for t in found], 0.38, color=_RED, label="schemes")
        looks = [t.lookalikes for t in found]
        axis.barh(place + 0.2, looks, 0.38, color=_BLUE, label="benign look-alikes")
        axis.set_yticks(place, [t.name for t in found])
        axis.invert_yaxis()
        axis.set_title("Schemes and look-alikes that show")
        axis.legend()
    return drawing.svg
