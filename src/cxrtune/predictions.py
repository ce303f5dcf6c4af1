"""Tables of predictions: one row an image, one probability column a finding.

The table is the only thing that an evaluation knows of a model, so a model that was never near
this program can be compared. A column that the model cannot give, and a row that it could not
score, hold null, never 0.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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

PARTS = "part-*.parquet"
"""The files of a table that is a folder."""

_METADATA_KEY = b"cxrtune"
_PLACE_KEY = b"cxrtune.part"

SYNONYMS: dict[str, str] = {
    "pleural_effusion": "effusion",
    "infiltrate": "infiltration",
    "lung_infiltration": "infiltration",
    "pleural_thickness": "pleural_thickening",
    "enlarged_heart": "cardiomegaly",
    "hiatal_hernia": "hernia",
    "diaphragmatic_hernia": "hernia",
    "pulmonary_edema": "edema",
    "oedema": "edema",
    "pulmonary_fibrosis": "fibrosis",
    "pulmonary_emphysema": "emphysema",
}
"""What other tables call NIH's findings; case, spaces and hyphens do not matter."""


@dataclass(frozen=True)
class ModelCard:
    """What a table of predictions says of the model that made it.

    Attributes:
        title: The model's name in prose.
        origin: One line on where the model comes from.
        threshold_rule: How `thresholds` came about; empty where there are none.
        thresholds: Probability in [0, 1] a finding, from which on it is called present.
        operating_points: By rule and finding: threshold, and sensitivity and specificity on validation.
        calibration: By finding: the stored fields of a calibration.
        sha256: Of the model file; empty where it is not known.
        engine: What ran the model; empty where it is not known.
    """

    title: str
    origin: str
    threshold_rule: str = ""
    thresholds: dict[str, float] = field(default_factory=dict)
    operating_points: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    calibration: dict[str, dict[str, Any]] = field(default_factory=dict)
    sha256: str = ""
    engine: str = ""


@dataclass(frozen=True)
class PartPlace:
    """Where a part stands in a table that is a folder.

    Attributes:
        part: Its number, from 0.
        of: How many there are.
        key: Of the work that all of them come from.
    """

    part: int
    of: int
    key: str


@dataclass(frozen=True)
class Predictions:
    """A model's probabilities for some images.

    Attributes:
        images: object (N,), the cohort's image names, each once.
        patients: object (N,), patient identifiers as text, None where not known.
        findings: The F findings, in column order.
        probabilities: float32 (N, F), probability in [0, 1], NaN where not known.
        model: What is known of the model.
        more: Further columns for people and programs, by name, (N,) each, of a nullable type; evaluation does
            not read them.
    """

    images: NDArray[np.object_]
    patients: NDArray[np.object_]
    findings: tuple[str, ...]
    probabilities: NDArray[np.float32]
    model: ModelCard
    more: Mapping[str, ExtensionArray] = field(default_factory=dict)

    def write(self, path: Path, place: PartPlace | None = None) -> None:
        """Write the table as Parquet, CSV or JSON lines, by the suffix; only Parquet keeps the model card.

        Args:
            path: The file.
            place: Which part of a folder this is, if it is one.

        Raises:
            OutputError: The file cannot be written.
            UsageError: The suffix is none of .parquet, .csv and .jsonl.
        """
        require_suffix(path)
        frame = self._frame()
        with write_whole(path) as partial:
            match path.suffix:
                case ".parquet":
                    table = pa.Table.from_pandas(frame, preserve_index=False)
                    own = {_METADATA_KEY: json.dumps(asdict(self.model)).encode()}
                    if place is not None:
                        own[_PLACE_KEY] = json.dumps(asdict(place)).encode()
                    pq.write_table(
                        table.replace_schema_metadata({**(table.schema.metadata or {}), **own}), partial
                    )
                case ".csv":
                    frame.to_csv(partial, index=False)
                case ".jsonl":
                    frame.to_json(partial, orient="records", lines=True, double_precision=15)

    def _frame(self) -> pd.DataFrame:
        columns: dict[str, Any] = {"image": self.images, "patient": self.patients}
        for column, finding in enumerate(self.findings):
            # Null, not NaN: a reader in another language sees "not known" and no number.
            columns[finding] = pd.array(self.probabilities[:, column], dtype="Float32")
        return pd.DataFrame(columns | dict(self.more))


def require_suffix(path: Path) -> None:
    """Check, before any work, that predictions can be written under this name.

    Raises:
        UsageError: The suffix is none of .parquet, .csv and .jsonl.
    """
    if path.suffix not in (".parquet", ".csv", ".jsonl"):
        raise UsageError("predictions are written as .parquet, .csv or .jsonl", path=path)


def read_predictions(path: Path, findings: tuple[str, ...], *, column_prefix: str = "") -> Predictions:
    """Read a table of predictions, of cxrtune or of any other program.

    Args:
        path: A Parquet, CSV or JSON-lines file with a column `image` and a column a finding, or a folder of
            parts that `cxrtune predict` wrote.
        findings: The findings wanted; one that the table lacks becomes a column of NaN. Columns may have a
            synonym of a finding's name, such as `Pleural Thickening` or `Infiltrate`.
        column_prefix: What stands before a finding's name in the table's columns.

    Returns:
        The predictions, in the table's order of images.

    Raises:
        DataError: The file is no table, lacks the image column or every finding, names an image
            twice or not at all, or holds a probability outside [0, 1]; or a folder lacks parts, or has
            parts of different work.
    """
    frame, card = _read_parts(path) if path.is_dir() else (_read_frame(path), _read_card(path))
    if "image" not in frame.columns:
        raise DataError(
            f"has no column 'image'; its columns are {', '.join(map(str, frame.columns[:8]))}",
            path=path,
            remedy="Name the column with the images' file names 'image'.",
        )
    columns = _columns(frame, findings, column_prefix, path)
    if not columns:
        raise DataError(
            f"has no column for any of the findings, such as '{column_prefix}{findings[0]}'",
            path=path,
            remedy="If the columns have a prefix, name it with --column-prefix.",
        )
    _check_names(frame["image"], path)
    probabilities = np.full((len(frame), len(findings)), np.nan, dtype=np.float32)
    for finding, name in columns.items():
        probabilities[:, findings.index(finding)] = _numbers(frame[name], path)
    return Predictions(
        images=frame["image"].astype(str).to_numpy(dtype=object),
        patients=_patients(frame),
        findings=findings,
        probabilities=probabilities,
        model=card,
    )


def _columns(frame: pd.DataFrame, findings: tuple[str, ...], prefix: str, path: Path) -> dict[str, str]:
    """Return the column of each finding that has one."""
    wanted = {_plain(finding): finding for finding in findings}
    columns: dict[str, str] = {}
    for name in map(str, frame.columns):
        finding = wanted.get(_plain(name.removeprefix(prefix))) if name.startswith(prefix) else None
        if finding is None:
            continue
        if finding in columns:
            raise DataError(
                f"has two columns for {finding}: '{columns[finding]}' and '{name}'",
                path=path,
                remedy="Keep the one that is meant.",
            )
        columns[finding] = name
    return columns


def _plain(name: str) -> str:
    plain = re.sub(r"[\s_-]+", "_", name.strip().casefold())
    return SYNONYMS.get(plain, plain)


def _check_names(names: pd.Series[Any], path: Path) -> None:
    if names.isna().any():
        raise DataError(
            f"has no image name in row {int(names.isna().argmax()) + 1}",
            path=path,
            remedy="Name the image of every row.",
        )
    again = names[names.duplicated()]
    if len(again):
        raise DataError(
            f"names the image {again.iloc[0]} more than once", path=path, remedy="Keep one row an image."
        )


def _patients(frame: pd.DataFrame) -> NDArray[np.object_]:
    patients = np.full(len(frame), None, dtype=object)
    if "patient" in frame.columns:
        known = frame["patient"].notna().to_numpy()
        patients[known] = frame["patient"][known].astype(str).to_numpy(dtype=object)
    return patients


def _numbers(column: pd.Series[Any], path: Path) -> NDArray[np.float32]:
    numbers = pd.to_numeric(column, errors="coerce").astype("Float64")
    strange = column[numbers.isna() & column.notna()]
    if len(strange):
        raise DataError(
            f"column '{column.name}' holds '{strange.iloc[0]}', which is no number",
            path=path,
            remedy="Leave what is not known empty.",
        )
    values = numbers.to_numpy(dtype=np.float32, na_value=np.nan)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise DataError(
            f"column '{column.name}' holds {values[outside][0]:g}; a probability is in [0, 1]",
            path=path,
            remedy="If these are logits, apply the logistic function first.",
        )
    return values


def _read_frame(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(
            "there is no such file of predictions",
            path=path,
            remedy="Name a table that predict wrote, or any with a column 'image' and a column a finding.",
        )
    try:
        match path.suffix:
            case ".parquet":
                return pd.read_parquet(path)
            case ".jsonl":
                with path.open(encoding="utf-8") as lines:
                    return pd.DataFrame([json.loads(line) for line in lines if line.strip()])
            case _:
                return pd.read_csv(path, dtype={"image": str, "patient": str})
    except (ValueError, OSError, EOFError, pa.ArrowException) as error:
        raise DataError(
            f"is no table of predictions: {(str(error).splitlines() or ['damaged'])[0]}",
            path=path,
            remedy="Tables are read from .parquet, .jsonl or .csv, by the suffix.",
        ) from error


def _read_parts(folder: Path) -> tuple[pd.DataFrame, ModelCard]:
    """Read a table that is a folder: all its parts, and the model card that they share."""
    paths = sorted(folder.glob(PARTS))
    if not paths:
        raise DataError("holds no parts of predictions", path=folder, remedy=f"They are named {PARTS}.")
    places = [_read_place(path) for path in paths]
    for path, place in zip(paths, places, strict=True):
        if place.key != places[0].key:
            raise DataError(
                f"was made by another model or for other images than {paths[0].name}",
                path=path,
                remedy="Keep the parts of one scoring in a folder.",
            )
    if len(paths) != places[0].of:
        raise DataError(
            f"holds {len(paths):,} of {places[0].of:,} parts",
            path=folder,
            remedy="Finish it with the same `cxrtune predict` command.",
        )
    return pd.concat([_read_frame(path) for path in paths], ignore_index=True), _read_card(paths[0])


def _read_place(path: Path) -> PartPlace:
    try:
        return PartPlace(**json.loads(pq.read_schema(path).metadata[_PLACE_KEY]))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(
            "is no part of a table that `cxrtune predict` wrote, or it is damaged",
            path=path,
            remedy="Delete it, and finish the folder with the same `cxrtune predict` command.",
        ) from error


def _read_card(path: Path) -> ModelCard:
    if path.suffix == ".parquet":
        stored = (pq.read_schema(path).metadata or {}).get(_METADATA_KEY)
        if stored is not None:
            return ModelCard(**json.loads(stored))
    return ModelCard(title=path.stem, origin=f"predictions read from {path.name}")
