"""Thresholds that a user gives for a model: one number for all findings, or a file with one per finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cxrtune.csv_table import open_csv
from cxrtune.errors import DataError, UsageError
from cxrtune.evaluation.validation import GivenThresholds
from cxrtune.number_texts import number_of
from cxrtune.prediction_affixes import Affix
from cxrtune.prediction_columns import columns_of_findings
from cxrtune.provenance import Source
from cxrtune.shown import listed, quoted, short
from cxrtune.text_file import Tell, read_utf8

Given = float | Path
"""One threshold for all findings, or a file of them."""

_REMEDY = (
    'Write a CSV table with the columns finding and threshold, or JSON like {"Effusion": 0.5}; a threshold is'
    " on the scale of the scores, in [0, 1]."
)


def read_given(
    given: Mapping[str, Given], findings: tuple[str, ...], tell: Tell
) -> dict[str, GivenThresholds]:
    """Read the thresholds of models.

    Args:
        given: By model, a number or a file.
        findings: The findings that are judged.
        tell: Told of thresholds of other findings, which are not used.

    Raises:
        DataError: A file is not what it should be, or has no threshold of any of the findings.
        UsageError: A number is outside [0, 1].
    """
    return {
        name: _of_file(one, findings, tell) if isinstance(one, Path) else _of_number(name, one, findings)
        for name, one in given.items()
    }


def threshold_sources(given: Mapping[str, Given]) -> list[Source]:
    """Describe the files of thresholds, for a record.

    Raises:
        CxrtuneError: One cannot be read.
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
    table = open_csv(path, tell, _REMEDY)
    frame = table.read(table.places(("finding", "threshold"), remedy=_REMEDY))
    return list(zip(frame["finding"].str.strip(), frame["threshold"], strict=True))


def _of_json(path: Path) -> list[tuple[str, object]]:
    try:
        # Of a finding that stands twice, json would keep the last one.
        content: Any = json.loads(read_utf8(path, _REMEDY).data, object_pairs_hook=list)
    except ValueError as error:
        raise DataError(f"is no JSON: {error}", path=path, remedy=_REMEDY) from error
    if not isinstance(content, list) or not all(isinstance(one, (tuple, list)) for one in content):
        raise DataError("is no object of findings and thresholds", path=path, remedy=_REMEDY)
    if all(isinstance(one, tuple) for one in content):
        return content
    try:
        rows = [dict(one) for one in content]
        return [(str(row["finding"]), row["threshold"]) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("has a part without finding and threshold", path=path, remedy=_REMEDY) from error


def _probability(finding: str, value: object, path: Path) -> float:
    number = number_of(str(value))
    if not 0 <= number <= 1:
        raise DataError(
            f"the threshold of {quoted(finding)} is {quoted(value)}, which is no number in [0, 1]",
            path=path,
            remedy=_REMEDY,
        )
    return number
