"""The style shared by all figures, and how they are written.

Colours are Okabe and Ito's ("Color Universal Design", 2008), darkened on white and lightened on
black until thin lines are visible; beyond seven curves, line styles distinguish them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 4.9
"""Width in inches, at which 9-point text is readable on a phone."""

BACKGROUND_ID = "background"
"""The SVG id of the white background, for users who want it transparent."""

LineStyle = str | tuple[int, tuple[float, ...]]


@dataclass(frozen=True)
class Hue:
    """A colour on white and on black; `name` is its custom property in the page's style sheet."""

    name: str
    light: str
    dark: str


INK = Hue("ink", "#1b1f24", "#e6e9ec")
MUTED = Hue("muted", "#59626c", "#a3acb5")
RULE = Hue("rule", "#d5dadf", "#3a424a")
PAPER = Hue("paper", "#ffffff", "#14171a")
SERIES = (
    Hue("series-1", "#0072b2", "#4ea8de"),
    Hue("series-2", "#d55e00", "#f0803c"),
    Hue("series-3", "#00875f", "#2fc193"),
    Hue("series-4", "#b04a86", "#dd8dbb"),
    Hue("series-5", "#b57a00", "#e8b13a"),
    Hue("series-6", "#5b6770", "#b9c2ca"),
    Hue("series-7", "#3a9bd0", "#9cd6f5"),
)
HUES = (INK, MUTED, RULE, PAPER, *SERIES)

_LINE_STYLES: tuple[LineStyle, ...] = ("-", (0, (4.5, 1.6)), (0, (1.3, 1.1)), (0, (6.0, 1.4, 1.3, 1.4)))
_TITLE_SIZE = 10.5
_TITLE_LENGTH = 46
_PNG_DOTS_PER_INCH = 200

_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED.light,
    "axes.grid": True,
    "axes.labelcolor": INK.light,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": PAPER.light,
    "axes.facecolor": "none",
    "font.size": 9.2,
    "grid.color": RULE.light,
    "grid.linewidth": 0.6,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "cxrtune",
    "text.color": INK.light,
    # Names of findings and models are not formulas: a `$` in a name is a dollar sign.
    "text.parse_math": False,
    "xtick.color": MUTED.light,
    "xtick.labelcolor": INK.light,
    "ytick.color": MUTED.light,
    "ytick.labelcolor": INK.light,
}


@contextmanager
def report_style() -> Iterator[None]:
    """Context for drawing and writing, so that the user's matplotlibrc does not change the report."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_figure(height: float) -> Figure:
    """Return an empty figure of the shared width with a height in inches."""
    figure = Figure(figsize=(WIDTH, height))
    figure.patch.set_gid(BACKGROUND_ID)
    return figure


def axes_at(figure: Figure, *, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes placed in inches from the figure's left and top edges."""
    across, down = figure.get_size_inches()
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def write_heading(figure: Figure, title: str, subtitle: str) -> None:
    """Write a bold title and a lighter subtitle below it, aligned left."""
    down = figure.get_size_inches()[1]
    shown = shortened(title, 2 * _TITLE_LENGTH)
    size = _TITLE_SIZE * min(1.0, _TITLE_LENGTH / max(len(shown), 1))
    figure.text(0.02, 1 - 0.12 / down, shown, ha="left", va="top", fontsize=size, fontweight="bold")
    figure.text(0.02, 1 - 0.34 / down, subtitle, ha="left", va="top", color=MUTED.light)


def shortened(text: str, length: int) -> str:
    """Shorten a text to at most this many characters, with an ellipsis in place of what is removed."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def line_look(index: int) -> tuple[str, LineStyle]:
    """Return the colour and line style of the curve with this index."""
    turns, place = divmod(index, len(SERIES))
    return SERIES[place].light, _LINE_STYLES[turns % len(_LINE_STYLES)]


def save_figure(figure: Figure, folder: Path, stem: str) -> list[Path]:
    """Write a figure as SVG and PNG without dates, each to a temporary file first."""
    paths = [folder / f"{stem}.svg", folder / f"{stem}.png"]
    for path, metadata in zip(paths, ({"Date": None, "Creator": None}, {"Software": None}), strict=True):
        unfinished = path.with_name(f".{path.name}.partial")
        file_format = path.suffix.removeprefix(".")
        figure.savefig(unfinished, format=file_format, metadata=metadata, dpi=_PNG_DOTS_PER_INCH)
        unfinished.replace(path)
    return paths
