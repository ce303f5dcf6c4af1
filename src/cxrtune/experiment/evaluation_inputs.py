"""What an evaluation is told, checked before any work: names of models, prevalences, files, boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cxrtune.cohort.boxes import BOX_LIST, find_boxes
from cxrtune.cohort.table import read_cohort
from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.tables import COLUMNS
from cxrtune.prediction_file import NO_TABLE_REMEDY
from cxrtune.prediction_parts import PARTS
from cxrtune.provenance import Source
from cxrtune.shown import listed, quoted, short


def require_names(models: Iterable[str], example: str) -> None:
    """Refuse a model that is called like a column of the tables of results.

    Raises:
        UsageError: One is.
    """
    for name in models:
        if name.casefold() in COLUMNS:
            raise UsageError(
                f"a model cannot be called {quoted(name)}: the tables of results have a column of that name",
                remedy=f"Give it another name, like: {example}",
            )


def require_models_of(given: Mapping[str, Iterable[str]], models: Iterable[str]) -> None:
    """Refuse what is given of a model that is not compared.

    Args:
        given: By what it is, the models that it is given of.
        models: Those that are compared.

    Raises:
        UsageError: One is not.
    """
    known = list(models)
    for what, names in given.items():
        for name in names:
            if name not in known:
                raise UsageError(
                    f"{what} are given of {short(name)}, whose predictions are not",
                    remedy=f"The models are {listed(known)}.",
                )


def source_of(name: str, path: Path) -> Source:
    """Describe a table of predictions, a file or a folder of parts.

    Raises:
        DataError: It is not there.
    """
    if path.is_dir():
        return Source.of_listing(name, path, {part.name: part for part in path.glob(PARTS)})
    if not path.is_file():
        raise DataError("there is no such file of predictions", path=path, remedy=NO_TABLE_REMEDY)
    return Source.of_file(name, path)


def boxes_for(heatmaps: Mapping[str, Path], boxes: Path | None, cohort_file: Path) -> Path | None:
    """Return the list of boxes, if there is something to judge by it.

    Raises:
        UsageError: There are boxes without heatmaps, or heatmaps without boxes.
    """
    if not heatmaps:
        if boxes is not None:
            raise UsageError(
                "a list of boxes is given, but no heatmaps to judge by it",
                path=boxes,
                remedy="Name a model's heatmaps, like: `heatmaps` ours=heatmaps.safetensors",
            )
        return None
    found = boxes or find_boxes(read_cohort(cohort_file))
    if found is None:
        raise UsageError(
            "heatmaps are given, but no boxes to judge them by",
            remedy=f"Name a list in NIH's columns, like: `boxes=DIR/{BOX_LIST}`",
        )
    return found
