"""Check the inputs of an evaluation before any work: names of models, thresholds, files, boxes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cxrtune.cohort.boxes import BOX_LIST, find_boxes
from cxrtune.cohort.table import CohortTable
from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.tables import COLUMNS
from cxrtune.evaluation.validation import GivenThresholds
from cxrtune.number_texts import number_of
from cxrtune.prediction_affixes import Affix
from cxrtune.prediction_columns import columns_of_findings
from cxrtune.prediction_file import NO_TABLE_REMEDY
from cxrtune.prediction_parts import PARTS
from cxrtune.provenance import Source
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, read_utf8

Given = float | Path
"""One threshold for all findings, or a file of them."""
_FILE_REMEDY = (
    'Write a CSV table with the columns finding and threshold, or JSON like {"Effusion": 0.5}; a threshold is'
    " on the scale of the scores, in [0, 1]."
)


def require_names(models: Iterable[str], example: str) -> None:
    """Check that no model has the name of a column of the tables of results.

    Raises:
        UsageError: A model has such a name.
    """
    for name in models:
        if name.casefold() in COLUMNS:
            raise UsageError(
                f"a model cannot be called {quoted(name)}: the tables of results have a column of that name",
                remedy=f"Give it another name, like: {example}",
            )


def require_models_of(given: Mapping[str, Iterable[str]], models: Iterable[str]) -> None:
    """Check that inputs are given only for models that are compared.

    Args:
        given: By the kind of input, the names of the models that it is given for.
        models: The names of the models that are compared.

    Raises:
        UsageError: An input is given for a model that is not compared.
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
    """Return a table of predictions, which is a file or a folder of parts, as a source for a record.

    Raises:
        DataError: The table does not exist.
    """
    if path.is_dir():
        return Source.of_listing(name, path, {part.name: part for part in path.glob(PARTS)})
    if not path.is_file():
        raise DataError("there is no such file of predictions", path=path, remedy=NO_TABLE_REMEDY)
    return Source.of_file(name, path)


def boxes_for(
    heatmaps: Mapping[str, Path], boxes: Path | None, cohort: Callable[[], CohortTable]
) -> Path | None:
    """Return the list of boxes if there are heatmaps to compare with it.

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
    found = boxes or find_boxes(cohort())
    if found is None:
        raise UsageError(
            "heatmaps are given, but no boxes to judge them by",
            remedy=f"Name a list in NIH's columns, like: `boxes=DIR/{BOX_LIST}`",
        )
    return found


def read_given(
    given: Mapping[str, Given], findings: tuple[str, ...], tell: Tell
) -> dict[str, GivenThresholds]:
    """Read the thresholds of models.

    Args:
        given: By model, a number or a file.
        findings: The findings of the evaluation.
        tell: Receives notes on thresholds of other findings, which are not used.

    Raises:
        DataError: A file is not valid, or has no threshold for any of the findings.
        UsageError: A number is outside [0, 1].
    """
    return {
        name: _of_file(one, findings, tell) if isinstance(one, Path) else _of_number(name, one, findings)
        for name, one in given.items()
    }


def threshold_sources(given: Mapping[str, Given]) -> list[Source]:
    """Return the files of thresholds as sources for a record.

    Raises:
        CxrtuneError: A file cannot be read.
    """
    files = {name: one for name, one in given.items() if isinstance(one, Path)}
    return [Source.of_file(f"thresholds of {name}", path) for name, path in files.items()]


def _of_number(name: str, threshold: float, findings: tuple[str, ...]) -> GivenThresholds:
    if not 0 <= threshold <= 1:
        raise UsageError(
            f"the threshold of {short(name)} is {threshold:g}; scores and thresholds lie in [0, 1]",
            remedy=f"Write it like: `thresholds` {short(name)}=0.5",
        )
    return GivenThresholds(dict.fromkeys(findings, threshold), f"{threshold:g}")


def _of_file(path: Path, findings: tuple[str, ...], tell: Tell) -> GivenThresholds:
    stated = _of_json(path) if path.suffix.casefold() == ".json" else _of_csv(path, tell)
    twice = [name for at, (name, _) in enumerate(stated) if name in {other for other, _ in stated[:at]}]
    if twice:
        raise DataError(f"has two thresholds for {quoted(twice[0])}", path=path, remedy="Keep one.")
    values = {name: _probability(name, value, path) for name, value in stated}
    found = columns_of_findings(list(values), findings, Affix(), path, what="thresholds")
    if not found:
        raise DataError(
            f"has no threshold for any of the findings: it has {listed(values) or 'none at all'}",
            path=path,
            remedy=f"The findings that are judged are {listed(findings, 30)}.",
        )
    unused = [name for name in values if name not in found.values()]
    if unused:
        tell(f"{path.name}: the thresholds of {listed(unused)} are not used, these findings are not judged")
    return GivenThresholds({finding: values[name] for finding, name in found.items()}, path.name)


def _of_csv(path: Path, tell: Tell) -> list[tuple[str, object]]:
    table = open_csv(path, tell, _FILE_REMEDY)
    frame = table.read(table.places(("finding", "threshold"), remedy=_FILE_REMEDY))
    return list(zip(frame["finding"].str.strip(), frame["threshold"], strict=True))


def _of_json(path: Path) -> list[tuple[str, object]]:
    try:
        # If a finding occurs twice, json would keep only the last value.
        content: Any = json.loads(read_utf8(path, _FILE_REMEDY).data, object_pairs_hook=list)
    except ValueError as error:
        raise DataError(f"is no JSON: {error}", path=path, remedy=_FILE_REMEDY) from error
    if not isinstance(content, list) or not all(isinstance(one, (tuple, list)) for one in content):
        raise DataError("is no object of findings and thresholds", path=path, remedy=_FILE_REMEDY)
    if all(isinstance(one, tuple) for one in content):
        return content
    try:
        rows = [dict(one) for one in content]
        return [(str(row["finding"]), row["threshold"]) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("has a part without finding and threshold", path=path, remedy=_FILE_REMEDY) from error


def _probability(finding: str, value: object, path: Path) -> float:
    number = number_of(str(value))
    if not 0 <= number <= 1:
        raise DataError(
            f"the threshold of {quoted(finding)} is {quoted(value)}, which is no number in [0, 1]",
            path=path,
            remedy=_FILE_REMEDY,
        )
    return number
