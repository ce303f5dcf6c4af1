"""The epochs of a training run, and their curves: loss, validation AUROC and learning rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from cxrtune.errors import DataError
from cxrtune.evaluation.curve_files import read_columns, require_file
from cxrtune.provenance import read_record
from cxrtune.report.figures.style import (
    MUTED,
    SERIES,
    axes_at,
    new_figure,
    report_style,
    save_figure,
    write_heading,
)
from cxrtune.report.notation import counted

STEM = "training"
METRICS_FILE = "metrics.csv"
PROVENANCE_FILE = "model.provenance.json"

_EPOCH_COLUMNS = ("epoch", "train_loss", "val_loss", "val_auroc", "learning_rate", "seconds")
_HEIGHT = 6.9
_LEFT = 0.56
_ACROSS = 4.22
_PANELS = ((0.86, 2.1), (3.5, 1.75), (5.79, 0.6))
_MOST_EPOCHS_WITH_DOTS = 40


@dataclass(frozen=True)
class Epoch:
    """One pass over the training part; a value that was not measured is missing (None)."""

    number: int
    train_loss: float | None
    val_loss: float | None
    val_auroc: float | None
    learning_rate: float | None
    seconds: float | None


@dataclass(frozen=True)
class History:
    """The epochs of a run, and the number of the epoch whose weights were kept, if known."""

    epochs: tuple[Epoch, ...]
    best_epoch: int | None

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights were kept."""
        return next((epoch for epoch in self.epochs if epoch.number == self.best_epoch), None)


def read_history(run: Path) -> History:
    """Read a run's epochs, and its best epoch if the provenance record names it.

    Raises:
        DataError: The folder has no metrics, or they lack a column.
    """
    path = run / METRICS_FILE
    require_file(path, "give the folder that a training wrote")
    frame = read_columns(path, _EPOCH_COLUMNS)
    rows = frame[list(_EPOCH_COLUMNS)].itertuples(index=False, name=None)
    epochs = tuple(Epoch(int(number), *(_known(value) for value in values)) for number, *values in rows)
    if not epochs:
        raise DataError("no epoch has been finished", path=path, remedy="Train for at least one epoch.")
    return History(epochs, _best_epoch(run / PROVENANCE_FILE))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _best_epoch(path: Path) -> int | None:
    if not path.is_file():
        return None
    best = read_record(path).counts.get("best_epoch")
    return None if best is None else int(best)


def write_training_figure(run: Path) -> list[Path]:
    """Write `training.svg` and `training.png` to a run's folder.

    Raises:
        DataError: The run has no metrics.
    """
    return draw_training(read_history(run), run)


def draw_training(history: History, folder: Path, images: str = "") -> list[Path]:
    """Draw a run's curves and write them as SVG and PNG; `images` describes the kind of images, if known."""
    with report_style():
        return save_figure(_training_figure(history, images), folder, STEM)


def _training_figure(history: History, images: str) -> Figure:
    figure = new_figure(_HEIGHT)
    write_heading(figure, "Training", _subtitle(history) + images)
    loss, auroc, rate = (
        axes_at(figure, left=_LEFT, top=top, width=_ACROSS, height=height) for top, height in _PANELS
    )
    _draw(loss, history, lambda epoch: epoch.train_loss, 0, "training")
    _draw(loss, history, lambda epoch: epoch.val_loss, 1, "validation")
    _draw(auroc, history, lambda epoch: epoch.val_auroc, 1, "validation")
    _draw(rate, history, lambda epoch: epoch.learning_rate, 5, "learning rate")
    for axes, name in ((loss, "Loss"), (auroc, "Macro AUROC, validation"), (rate, "Learning rate")):
        axes.set_title(name, loc="left", fontsize=9, fontweight="bold")
        _set_epochs(axes, history)
    loss.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0.4, borderaxespad=0.1)
    _scale_rate(rate, history)
    rate.set_xlabel("Epoch")
    return figure


def _subtitle(history: History) -> str:
    epochs = counted(len(history.epochs), "epoch")
    best = history.best
    return epochs if best is None else f"{epochs}; the weights of epoch {best.number} were kept (marked)"


def _draw(axes: Axes, history: History, value: Callable[[Epoch], float | None], hue: int, label: str) -> None:
    values = [value(epoch) for epoch in history.epochs]
    axes.plot(
        [epoch.number for epoch in history.epochs],
        [float("nan") if known is None else known for known in values],
        color=SERIES[hue].light,
        linewidth=1.5,
        marker="o" if len(values) <= _MOST_EPOCHS_WITH_DOTS else None,
        markersize=3,
        label=label,
    )
    if history.best is not None and (best := value(history.best)) is not None and hue != 5:
        axes.plot(history.best.number, best, "o", color=SERIES[hue].light, markersize=7, fillstyle="none")


def _set_epochs(axes: Axes, history: History) -> None:
    first, last = history.epochs[0].number, history.epochs[-1].number
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.grid(visible=False, axis="x")
    if history.best is not None:
        axes.axvline(history.best.number, color=MUTED.light, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)


def _scale_rate(axes: Axes, history: History) -> None:
    rates = [epoch.learning_rate for epoch in history.epochs if epoch.learning_rate is not None]
    if rates and min(rates) > 0:
        axes.set_yscale("log")
        axes.set_ylim(min(rates) / 2, max(rates) * 2)
    axes.yaxis.set_major_formatter(FuncFormatter(_power_of_ten))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _power_of_ten(rate: float, _position: int | None) -> str:
    digits, exponent = f"{rate:.0e}".split("e")
    return f"{digits}e{int(exponent)}".replace("-", "\N{MINUS SIGN}") if rate else "0"
