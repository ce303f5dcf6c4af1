"""Additional data on a cohort's images: which models were trained on them, and other readers' labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from cxrtune.cohort.shipped import (
    ADJUDICATED,
    ADJUDICATED_FINDINGS,
    ADJUDICATED_NAME,
    ADJUDICATED_SOURCE,
    NIH_TABLE,
    TRAINING_RULE,
    TRAINING_SOURCE,
    is_of_nih,
    read_adjudicated,
    shipped_table,
    training_part,
    was_trained_on_nih,
)
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.evaluation.second_truth import OtherLabels
from cxrtune.evaluation.training_parts import TrainingPart
from cxrtune.files import sha256_of
from cxrtune.shown import quoted, short
from cxrtune.text_file import Tell, read_lines

_LIST_REMEDY = "Give a text file with the name of an image a line."


def training_parts(
    models: Iterable[str], lists: Mapping[str, Path], cohort: CohortTable, tell: Tell
) -> dict[str, TrainingPart]:
    """Return, by model, which of the cohort's images it was trained on, as far as this is known.

    Args:
        models: The names of the models.
        lists: By model, a text file with the name of one training image per line.
        cohort: The images of the evaluation.
        tell: Receives notes on listed images that are not in the cohort.

    Raises:
        DataError: A list contains none of the cohort's images, or a table of torchxrayvision is missing.
    """
    parts = {}
    for name in models:
        if name in lists:
            seen = _listed_images(lists[name], name, cohort, tell)
            parts[name] = TrainingPart(seen, "a list of its training images", lists[name].name)
        elif was_trained_on_nih(name) and is_of_nih(cohort):
            seen = training_part(_shipped(NIH_TABLE))
            parts[name] = TrainingPart(seen, TRAINING_RULE, TRAINING_SOURCE)
    return parts


def _listed_images(path: Path, model: str, cohort: CohortTable, tell: Tell) -> pd.Series[bool]:
    """Return, by image, whether it is in a list; raise an error if the list has none of the images."""
    listed_names = {_name(line): line for line in read_lines(path, _LIST_REMEDY, tell)}
    names = [_name(image) for image in cohort.images]
    strangers = listed_names.keys() - set(names)
    if len(strangers) == len(listed_names):
        first = next(iter(listed_names.values()), "nothing")
        raise DataError(
            f"names none of the cohort's images as training images of {quoted(model)}; it begins with"
            f" {quoted(first)}",
            path=path,
            remedy=f"Name images as the cohort does, such as {short(cohort.images[0])}, one a line.",
        )
    if strangers:
        tell(
            f"{len(strangers):,} of {len(listed_names):,} training images of {model} are not in the cohort,"
            f" {short(min(strangers))} for one"
        )
    return pd.Series([name in listed_names for name in names], index=cohort.images)


def _name(image: str) -> str:
    plain = unicodedata.normalize("NFC", image.strip().strip('"').replace("\\", "/"))
    return plain.removeprefix("./")


def adjudicated_labels() -> list[OtherLabels]:
    """Return the labels of radiologists for some of NIH's images, which torchxrayvision includes.

    Raises:
        DataError: The table of torchxrayvision is missing.
    """
    path = _shipped(ADJUDICATED)
    return [
        OtherLabels(
            name=ADJUDICATED_NAME,
            source=ADJUDICATED_SOURCE,
            file=path.name,
            sha256=sha256_of(path),
            labels=read_adjudicated(path),
            covers=ADJUDICATED_FINDINGS,
        )
    ]


def _shipped(name: str) -> Path:
    path = shipped_table(name)
    if path is None:
        raise DataError(
            f"torchxrayvision is installed without its table {name}",
            remedy="Install it again: pip install --force-reinstall torchxrayvision",
        )
    return path
