"""The meaning of a label table's columns: a small YAML file that is validated strictly."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from cxrtune.cohort.nih import SEXES, VIEWS
from cxrtune.cohort.own.map_parts import (
    Age,
    GivenSplit,
    LabelList,
    MapPart,
    Patient,
    Texts,
    Translated,
    Values,
    expression,
)
from cxrtune.errors import UsageError
from cxrtune.findings import fault_of_names
from cxrtune.shown import MOST, listed, quoted
from cxrtune.text_file import Tell, untold
from cxrtune.yaml_file import parse_mapping, read_text

Uncertain = Literal["positive", "negative", "unknown"]
UNCERTAIN: tuple[Uncertain, ...] = ("positive", "negative", "unknown")
_REMEDY = "The keys and their meaning stand in docs/data.md; shipped maps are good examples."


class CohortMap(MapPart):
    """The meaning of a label table's columns.

    Attributes:
        title: Name of the data set.
        source: Where the data set is published.
        note: What users must know about cohorts built with this map; shown each time.
        tables: What several tables are: parts of one table, or columns of one table to be joined by `join`.
        join: The columns that tables are joined by, as far as both have them.
        image: The column with the image's path or name, or a template with columns in braces, such as
            `p{patient:.2}/{image}.jpg`; `:.2` takes the first two characters.
        remove: A regular expression; what it matches at the beginning of the image's name is removed.
        patient: How the patient is identified.
        keep: By column, the values of the rows to keep; all other rows are excluded.
        view: The view, PA or AP.
        sex: The sex, M or F.
        age: The age in years.
        followup: The column with the number of the visit.
        findings: The finding columns: names that are also the column names, or names with their columns.
        values: How labels are written in these columns.
        labels: Instead of `findings`: labels that are listed together in one column.
        uncertain: How uncertain labels are treated.
        all_absent: A column; where it says present, findings that are not known are absent.
        majority: Whether an image may have several rows, each the complete reading of one reader; the
            majority of the readers decides.
        reader: The column with the reader. Rows with the same image and reader are combined first, and then
            the majority of the readers decides.
        boxes: Whether an image may have several rows, one per box or finding, which are combined: a finding
            is present if one of the rows says so.
        split: The split given by the table; if missing, one is created by patient.
    """

    title: str = ""
    source: str = ""
    note: str = ""
    tables: Literal["parts", "columns"] = "parts"
    join: Texts = ()
    image: str
    remove: str = ""
    patient: Patient
    keep: dict[str, Texts] = Field(default_factory=dict)
    view: Translated | None = None
    sex: Translated | None = None
    age: Age | None = None
    followup: str | None = None
    findings: dict[str, str] = Field(default_factory=dict)
    values: Values = Values()
    labels: LabelList | None = None
    uncertain: Uncertain = "unknown"
    all_absent: str | None = None
    majority: bool = False
    reader: str | None = None
    boxes: bool = False
    split: GivenSplit | None = None

    @field_validator("findings", mode="before")
    @classmethod
    def _names_are_columns(cls, given: Any) -> Any:
        return {name: name for name in given} if isinstance(given, list) else given

    @field_validator("remove")
    @classmethod
    def _is_an_expression(cls, pattern: str) -> str:
        expression(pattern)
        return pattern

    @model_validator(mode="after")
    def _has_findings(self) -> CohortMap:
        if bool(self.findings) == (self.labels is not None):
            raise ValueError("give either findings or labels")
        fault = fault_of_names(self.names)
        if fault is None and not all(name.isascii() for name in self.names):
            fault = "names of findings are written in ASCII letters"
        if fault is not None:
            raise ValueError(fault)
        if self.tables == "columns" and not self.join:
            raise ValueError("tables that are columns of one need join")
        return self

    @model_validator(mode="after")
    def _means_something(self) -> CohortMap:
        for name, column, allowed in (("view", self.view, VIEWS), ("sex", self.sex, SEXES)):
            if column is not None and not set(allowed) & set(column.values.values()):
                raise ValueError(f"no value of {name} means {' or '.join(allowed)}")
        if self.boxes and (self.majority or self.reader is not None):
            raise ValueError("boxes: true puts all rows of an image together; for a majority leave it out")
        if self.majority and self.reader is None and self.labels is not None:
            raise ValueError(
                "a row that names labels need not be a whole reading, so majority: true needs reader: the"
                " column that names the reader (or say boxes: true if a finding is present where one row"
                " names it)"
            )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The findings."""
        return tuple(self.labels.labels if self.labels is not None else self.findings)

    @property
    def has_several_rows(self) -> bool:
        """Whether an image may have several rows."""
        return self.majority or self.boxes or self.reader is not None


def shipped_maps() -> tuple[str, ...]:
    """Return the names of the maps that the package includes."""
    return tuple(sorted(entry.name[:-5] for entry in _shipped().iterdir() if entry.name.endswith(".yaml")))


def load_map(source: str, tell: Tell = untold) -> CohortMap:
    """Load a map.

    Args:
        source: The name of a map in the package, such as `chexpert`, or the path of a YAML file.
        tell: Receives messages about anything in the file's text that had to be guessed.

    Raises:
        UsageError: There is no such map, it is not valid YAML, or a key is unknown or wrong.
    """
    if source in shipped_maps():
        text, where = _shipped().joinpath(f"{source}.yaml").read_text(encoding="utf-8"), f"map {source}"
    elif Path(source).is_file():
        text, where = read_text(Path(source), _REMEDY, tell), source
    else:
        raise UsageError(
            f"there is no map {quoted(source, MOST)}",
            remedy=f"Give the path of a YAML file, or one of: {listed(shipped_maps())}.",
        )
    content = parse_mapping(text, where=where, what="map", remedy=_REMEDY, typed=False)
    try:
        return CohortMap.model_validate(content)
    except ValidationError as error:
        raise UsageError(_problem(error), path=where, remedy=_REMEDY) from error


def _problem(error: ValidationError) -> str:
    # An unknown key explains a missing one.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key {quoted(key)}"
    if first["type"] == "missing":
        return f"the key {quoted(key)} is missing"
    reason = re.sub(r"^(Value error|Assertion failed), ", "", first["msg"])
    return f"key {quoted(key)} is wrong: {reason}" if key else f"is wrong: {reason}"


def _shipped() -> Any:
    return files("cxrtune.cohort.own").joinpath("maps")
