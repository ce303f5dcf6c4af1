"""The course of the training, by epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from cxrtune.report.figures.training import Epoch, History
from cxrtune.report.material import Material
from cxrtune.report.notation import counted, duration, score
from cxrtune.report.table import Cell, Column, Row, Table, number

_MOST_EPOCHS_SHOWN = 30
_NOT_MEASURED = "not measured in this epoch"


@dataclass(frozen=True)
class TrainingView:
    """The curves, their description, and their values; None without a run.

    A `long` table of values is collapsed by default.
    """

    figure: Markup | None
    sentences: tuple[str, ...]
    table: Table | None
    long: bool = False


def training_view(material: Material) -> TrainingView:
    """Return the epochs of the run."""
    history = material.history
    if history is None:
        return TrainingView(None, ("No training run was given to this report, only predictions.",), None)
    long = len(history.epochs) > _MOST_EPOCHS_SHOWN
    return TrainingView(material.figures.training, _sentences(history), _table(history), long)


def _sentences(history: History) -> tuple[str, ...]:
    seconds = [epoch.seconds for epoch in history.epochs if epoch.seconds is not None]
    took = f" in {duration(sum(seconds))}" if seconds else ""
    sentences = [f"Training ran for {counted(len(history.epochs), 'epoch')}{took}."]
    best = history.best
    if best is None:
        return (*sentences, "The best epoch is not recorded.")
    if best.val_auroc is not None:
        reached = f", with a validation macro AUROC of {score(best.val_auroc)}"
    else:
        reached = ""
    sentences.append(f"The weights of epoch {best.number} were kept{reached}.")
    if best is history.epochs[-1]:
        sentences.append("The best epoch is the last one: longer training might still improve the model.")
    return tuple(sentences)


def _table(history: History) -> Table:
    columns = ("Training loss", "Validation loss", "Validation AUROC", "Learning rate", "Time")
    return Table(
        anchor="table-epochs",
        caption="Epoch by epoch.",
        corner="Epoch",
        columns=tuple(Column(name) for name in columns),
        bodies=(tuple(_epoch_row(epoch, epoch is history.best) for epoch in history.epochs),),
        remarks=("Bold: the epoch whose weights were kept.",) if history.best is not None else (),
    )


def _epoch_row(epoch: Epoch, best: bool) -> Row:
    writers: tuple[tuple[float | None, Callable[[float], str]], ...] = (
        (epoch.train_loss, lambda loss: f"{loss:.4f}"),
        (epoch.val_loss, lambda loss: f"{loss:.4f}"),
        (epoch.val_auroc, score),
        (epoch.learning_rate, lambda rate: f"{rate:.1e}"),
        (epoch.seconds, duration),
    )
    cells = (number(value, write, _NOT_MEASURED) for value, write in writers)
    return Row(str(epoch.number), tuple(Cell(cell.text, cell.note, best) for cell in cells))
