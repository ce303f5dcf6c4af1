"""Write the metrics of each epoch to metrics.csv and, optionally, to TensorBoard and an MLflow store.

Lightning's loggers are not used: TensorBoardLogger expands variables in a folder's name and then writes
elsewhere; MLFlowLogger stores the names of user and script, truncates parameters to 250 characters, and
changes the tracking URI of the whole process.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from cxrtune.errors import UsageError
from cxrtune.files import write_text
from cxrtune.recipe import Recipe

METRICS = "metrics.csv"
TrackerName = Literal["tensorboard", "mlflow"]
_SCALARS = ("train_loss", "val_loss", "val_auroc", "learning_rate", "seconds")


@dataclass(frozen=True)
class EpochMetrics:
    """The metrics of one epoch.

    Attributes:
        epoch: Number of the epoch, counted from 1 over both stages.
        stage: What was trained: `tail`, or the part that was unfrozen.
        train_loss: Mean loss over the training images, while the weights changed.
        val_loss: Loss on the validation part, after the epoch.
        val_auroc: Macro AUROC on the validation part, after the epoch.
        learning_rate: Learning rate of the head at the first step of the epoch.
        seconds: Wall time, including validation.
    """

    epoch: int
    stage: str
    train_loss: float
    val_loss: float
    val_auroc: float
    learning_rate: float
    seconds: float


def write_metrics(out: Path, rows: Sequence[EpochMetrics]) -> None:
    """Write the whole of metrics.csv, one line per epoch, so that it is on disk after each epoch.

    Raises:
        OutputError: The file cannot be written.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [field.name for field in fields(EpochMetrics)])
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    write_text(out / METRICS, text.getvalue())


class Tracker(Protocol):
    """Receives the metrics of every epoch once; a resumed run continues in the same place."""

    def log(self, row: EpochMetrics) -> None:
        """Record an epoch."""

    def close(self) -> None:
        """Write what has not been written yet."""


class TensorBoardTracker:
    """Writes event files to `tensorboard/`."""

    def __init__(self, out: Path, done: int) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise _not_installed("TensorBoard", "tensorboard") from error
        # A killed run may have logged an epoch that is now run again.
        self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=done + 1)

    def log(self, row: EpochMetrics) -> None:
        """Write the metrics of the epoch."""
        for name, value in _scalars(row).items():
            self._writer.add_scalar(name, value, row.epoch)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


class MlflowTracker:
    """Writes a run to `mlflow.db`; view it with: mlflow ui --backend-store-uri sqlite:///RUN/mlflow.db."""

    def __init__(self, out: Path, recipe: Recipe, key: str) -> None:
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise _not_installed("MLflow", "mlflow") from error
        for name in ("mlflow", "alembic"):  # both log at length how they create a database
            logging.getLogger(name).setLevel(logging.WARNING)
        out.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(tracking_uri=f"sqlite:///{(out / 'mlflow.db').absolute()}")
        experiment = self._client.get_experiment_by_name("cxrtune")
        number = experiment.experiment_id if experiment else self._client.create_experiment("cxrtune")
        found = self._client.search_runs([number], filter_string=f"tags.key = '{key}'", max_results=1)
        if found:
            self._run: str = found[0].info.run_id
            self._client.update_run(self._run, status="RUNNING")
            return
        self._run = self._client.create_run(number, tags={"key": key}, run_name=recipe.name).info.run_id
        for name, value in _flat(recipe.model_dump(mode="json")).items():
            self._client.log_param(self._run, name, value)

    def log(self, row: EpochMetrics) -> None:
        """Store the metrics of the epoch."""
        for name, value in _scalars(row).items():
            self._client.log_metric(self._run, name, value, step=row.epoch)

    def close(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self._run)


def tracker_names(names: Sequence[str]) -> tuple[TrackerName, ...]:
    """Return the names as names of trackers, without duplicates.

    Raises:
        UsageError: There is no tracker of that name.
    """
    for name in names:
        if name not in get_args(TrackerName):
            raise UsageError(
                f"there is no tracker '{name}'", remedy=f"Choose {' or '.join(get_args(TrackerName))}."
            )
    return tuple(name for name in get_args(TrackerName) if name in names)


def open_trackers(
    names: Sequence[TrackerName], out: Path, recipe: Recipe, *, key: str, done: int
) -> list[Tracker]:
    """Open the trackers that the user has chosen.

    Args:
        names: The names of the trackers.
        out: The run folder.
        recipe: The recipe; its name and settings are stored.
        key: The key of the training, by which a resumed training is found again.
        done: Number of epochs that are already logged.

    Raises:
        UsageError: A tracker is not installed.
    """
    makers: dict[TrackerName, Callable[[], Tracker]] = {
        "tensorboard": lambda: TensorBoardTracker(out, done),
        "mlflow": lambda: MlflowTracker(out, recipe, key),
    }
    return [makers[name]() for name in names]


def _scalars(row: EpochMetrics) -> dict[str, float]:
    values = asdict(row)
    return {name: values[name] for name in _SCALARS}


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _not_installed(title: str, extra: str) -> UsageError:
    return UsageError(f"{title} is not installed", remedy=f"Install it with: pip install 'cxrtune[{extra}]'")
