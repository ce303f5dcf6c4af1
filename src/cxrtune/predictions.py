"""Tables of predictions: one row per image, one score column per finding.

An evaluation uses only the table, so that models of any other program can be compared. A finding that the
model does not support, and an image that it could not score, are null, never 0.5.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from cxrtune.errors import DataError, UsageError
from cxrtune.files import write_whole
from cxrtune.findings import plain_name
from cxrtune.prediction_file import (
    Columns,
    Naming,
    choose_columns,
    patients_of,
    read_frame,
    require_names,
    scores_of,
    tell_choice,
)
from cxrtune.prediction_parts import PLACE_KEY, PartPlace, read_parts
from cxrtune.shown import listed, quoted

TABLE_SUFFIXES = frozenset({".parquet", ".csv", ".jsonl"})
"""Suffixes of tables of predictions."""

_METADATA_KEY = b"cxrtune"


@dataclass(frozen=True)
class ModelCard:
    """Description of the model that made a table of predictions.

    Attributes:
        title: The model's name in prose.
        origin: One line on where the model comes from.
        threshold_rule: How `thresholds` were chosen; empty if there are none.
        thresholds: Score in [0, 1] per finding at and above which it is positive.
        operating_points: By rule and finding: threshold, and sensitivity and specificity on validation.
        calibration: By finding: the stored fields of a calibration.
        sha256: SHA-256 of the model file; empty if not known.
        engine: The engine that ran the model; empty if not known.
    """

    title: str
    origin: str
    threshold_rule: str = ""
    thresholds: dict[str, float] = field(default_factory=dict)
    operating_points: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    calibration: dict[str, dict[str, Any]] = field(default_factory=dict)
    sha256: str = ""
    engine: str = ""

    def renamed(self, names: Mapping[str, str]) -> ModelCard:
        """Return the card with renamed findings."""
        if not names:
            return self

        def to_ours(values: Mapping[str, Any]) -> dict[str, Any]:
            return {names.get(finding, finding): value for finding, value in values.items()}

        return replace(
            self,
            thresholds=to_ours(self.thresholds),
            operating_points={rule: to_ours(points) for rule, points in self.operating_points.items()},
            calibration=to_ours(self.calibration),
        )


@dataclass(frozen=True)
class Predictions:
    """A model's scores for some images.

    Attributes:
        images: object (N,), unique image names of the cohort.
        patients: object (N,), patient identifiers as text, None where not known.
        findings: The F findings, in column order.
        scores: float32 or float64 (N, F), score in [0, 1], NaN where not known; float64 if the source has
            more precision than float32.
        model: What is known about the model.
        more: Further columns for people and programs, by name, (N,) each, of a nullable type; not used by
            evaluation.
        notes: What was not read as written in the file, one sentence each.
        unread: The names of further columns of the table that was read, without the affixes of findings.
    """

    images: NDArray[np.object_]
    patients: NDArray[np.object_]
    findings: tuple[str, ...]
    scores: NDArray[np.floating]
    model: ModelCard
    more: Mapping[str, ExtensionArray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def write(self, path: Path, place: PartPlace | None = None) -> None:
        """Write the table as Parquet, CSV or JSON lines, by the suffix; only Parquet keeps the model card.

        Args:
            path: Path of the file.
            place: Which part of a folder this is, if it is a part.

        Raises:
            OutputError: The file cannot be written.
            UsageError: The suffix is not .parquet, .csv or .jsonl.
            DataError: Two columns would have the same name.
        """
        require_suffix(path)
        frame = self._frame()
        with write_whole(path) as partial:
            match path.suffix:
                case ".parquet":
                    table = pa.Table.from_pandas(frame, preserve_index=False)
                    own = {_METADATA_KEY: json.dumps(asdict(self.model)).encode()}
                    if place is not None:
                        own[PLACE_KEY] = json.dumps(asdict(place)).encode()
                    pq.write_table(
                        table.replace_schema_metadata({**(table.schema.metadata or {}), **own}), partial
                    )
                case ".csv":
                    frame.to_csv(partial, index=False)
                case ".jsonl":
                    frame.to_json(partial, orient="records", lines=True, double_precision=15)

    def _frame(self) -> pd.DataFrame:
        names = ("image", "patient", *self.findings, *self.more)
        twice = [name for name, count in Counter(map(plain_name, names)).items() if count > 1]
        if twice:
            raise DataError(
                f"the table would have two columns {quoted(twice[0])}, and one would be lost",
                remedy="A finding has the name of another column: train the model with another name for it.",
            )
        kind = pd.Float32Dtype() if self.scores.dtype == np.float32 else pd.Float64Dtype()
        columns: dict[str, Any] = {"image": self.images, "patient": self.patients}
        for column, finding in enumerate(self.findings):
            # Null, not NaN: programs in other languages then see a missing value, not a number.
            columns[finding] = pd.array(self.scores[:, column], dtype=kind)
        return pd.DataFrame(columns | dict(self.more))


def require_suffix(path: Path) -> None:
    """Check, before any work, that predictions can be written to a file with this suffix.

    Raises:
        UsageError: The suffix is not .parquet, .csv or .jsonl.
    """
    if path.suffix not in TABLE_SUFFIXES:
        raise UsageError("predictions are written as .parquet, .csv or .jsonl", path=path)


def read_predictions(
    path: Path,
    findings: tuple[str, ...],
    *,
    column_prefix: str = "",
    column_suffix: str = "",
    image_column: str = "",
) -> Predictions:
    """Read a table of predictions written by cxrtune or any other program.

    Args:
        path: A Parquet, CSV or JSON-lines file with a column `image` (or the name used by NIH, CheXpert,
            MIMIC-CXR, PadChest or VinDr-CXR) and one column per finding, or a folder of parts written by
            cxrtune.
        findings: The findings wanted; one that the table lacks becomes a column of NaN. A column may have a
            synonym of a finding's name, such as `Infiltrate`, unless it is the name of another one.
        column_prefix: Prefix of the findings in the names of columns. Without a prefix and a suffix, the
            affix shared by the columns of most findings is detected.
        column_suffix: Suffix of the findings in the names of columns.
        image_column: The column with the image names, if it has another name.

    Returns:
        The predictions, in the order of the table; float32 if the table's numbers are, else float64.

    Raises:
        DataError: The file is not a table, lacks the image column or all findings, has rows with a repeated
            or missing image, or contains a probability outside [0, 1]; or a folder lacks parts, or has parts
            of different work.
    """
    notes: list[str] = []
    naming = Naming(column_prefix, column_suffix, image_column)
    chosen: list[Columns] = []

    def wanted(names: Sequence[str]) -> list[str]:
        chosen.append(choose_columns(names, findings=findings, naming=naming, path=path))
        return chosen[-1].names()

    if path.is_dir():
        frame, first = read_parts(path, wanted, notes.append)
    else:
        frame, first = read_frame(path, wanted, notes.append), path
    card = _read_card(first)
    image, patient, columns, affix, unread = chosen[0]
    tell_choice(chosen[0], naming, path, notes.append)
    bare = {finding: affix.taken_off(name) or name for finding, name in columns.items()}
    synonyms = {
        columns[finding]: finding for finding, own in bare.items() if plain_name(own) != plain_name(finding)
    }
    if synonyms:
        pairs = listed([f"{name} for {finding}" for name, finding in synonyms.items()])
        notes.append(f"{path.name}: columns are taken as synonyms: {pairs}")
    require_names(frame[image], path)
    given = {finding: scores_of(frame[name], path) for finding, name in columns.items()}
    kind = np.float32 if all(values.dtype == np.float32 for values in given.values()) else np.float64
    scores = np.full((len(frame), len(findings)), np.nan, dtype=kind)
    for finding, values in given.items():
        scores[:, findings.index(finding)] = values
    return Predictions(
        images=frame[image].astype(str).to_numpy(dtype=object),
        patients=patients_of(frame, patient),
        findings=findings,
        scores=scores,
        model=card.renamed({bare[of]: of for of in synonyms.values()}),
        notes=tuple(notes),
        unread=unread,
    )


def _read_card(path: Path) -> ModelCard:
    if path.suffix == ".parquet":
        stored = (pq.read_schema(path).metadata or {}).get(_METADATA_KEY)
        if stored is not None:
            try:
                return ModelCard(**json.loads(stored))
            except (ValueError, TypeError) as error:
                raise DataError(
                    "is damaged: what it says of its model cannot be read",
                    path=path,
                    remedy="Make it anew with: `cxrtune.experiment.predict`",
                ) from error
    return ModelCard(title=path.stem, origin=f"predictions read from {path.name}")
