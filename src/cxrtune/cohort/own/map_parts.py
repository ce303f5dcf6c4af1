"""The parts of a cohort map: how patients, labels and the split are read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cxrtune.cohort.cells import plain
from cxrtune.shown import quoted

Texts = tuple[str, ...]


class MapPart(BaseModel):
    """A mapping that accepts only known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Patient(MapPart):
    """How the patient of a radiograph is identified: exactly one of the first three.

    Attributes:
        column: The column with the patient's identifier.
        pattern: A regular expression for the image's name, after `remove`; its first group is the identifier.
        none: The table has no patients, and each image is treated as a separate patient: images of the same
            person may then be in different parts of the split.
        exact: Compare identifiers literally; otherwise `001`, `1.0` and ` 1` are the same patient.
    """

    column: str | None = None
    pattern: str | None = None
    none: bool = False
    exact: bool = False

    @field_validator("pattern")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and expression(pattern).groups < 1:
            raise ValueError(f"{quoted(pattern)} has no group in parentheses that is the patient")
        return pattern

    @model_validator(mode="after")
    def _is_one_way(self) -> Patient:
        if sum((self.column is not None, self.pattern is not None, self.none)) != 1:
            raise ValueError("give just one of column, pattern, and none: true")
        return self


class Translated(MapPart):
    """A column whose values are translated.

    Attributes:
        column: The column.
        values: The table's values and what they become, ignoring case; values not listed here are not known.
    """

    column: str
    values: dict[str, str]


class Age(MapPart):
    """The patient's age: years in a column, or the difference between a birth date and another date.

    Attributes:
        column: The column with the years, such as `58`, `58,5` or `058Y`.
        born: The column with the year or the date of birth.
        on: The column with the date of the radiograph; only the years of both dates are used.
    """

    column: str | None = None
    born: str | None = None
    on: str | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Age:
        if (self.column is None) == (self.born is None or self.on is None):
            raise ValueError("give either column, or both born and on")
        return self


class Values(MapPart):
    """How labels are written; case and outer spaces are ignored, and `1.0` and `1,0` equal `1`."""

    present: Texts = ("1", "1.0", "true", "yes")
    absent: Texts = ("0", "0.0", "false", "no")
    uncertain: Texts = ("-1", "-1.0")
    unknown: Texts = ("", "nan", "na", "n/a", "null", "none")

    @model_validator(mode="after")
    def _mean_one_thing_each(self) -> Values:
        parts = (self.present, self.absent, self.uncertain, self.unknown)
        every = [text for part in parts for text in {plain(text) for text in part}]
        twice = next((text for text in every if every.count(text) > 1), None)
        if twice is not None:
            raise ValueError(f"{quoted(twice)} stands in two of present, absent, uncertain, unknown")
        return self


class LabelList(MapPart):
    """Labels that are listed together in one column.

    Attributes:
        column: The column.
        separator: What separates two labels.
        strip: Characters to remove around each label, such as quotes and brackets.
        unknown: The column's value if nothing is known about the image; a list without labels counts, too.
        rest_unknown: Labels, such as `unchanged`, with which findings that are not listed are not known.
        nothing: Labels that mean no finding; others that `labels` does not list are reported.
        leave_out: Labels of images to exclude, such as those of spoilt images.
        labels: For each finding, the labels that mean it; case is ignored.
    """

    column: str
    separator: str = "|"
    strip: str = ""
    unknown: Texts = ("", "nan", "na", "n/a", "null", "[]")
    rest_unknown: Texts = ()
    nothing: Texts = ("no finding", "no findings", "normal")
    leave_out: Texts = ()
    labels: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]]


class GivenSplit(MapPart):
    """A split that is given: exactly one of the three defines which part an image belongs to.

    A map may use `split: test` as short for `split: {all: test}`.

    Attributes:
        column: The column with the part; `table` is the name of the file that the row came from.
        pattern: A regular expression for the image's name, after `remove`; its first group is the part.
        values: The table's names of train, validation and test; parts that are not listed are created from
            `train`, if it is given.
        all: `test`: all images are used for evaluation, and none for training or validation.
    """

    column: str | None = None
    pattern: str | None = None
    values: dict[str, Literal["train", "validation", "test"]] = Field(default_factory=dict)
    all: Literal["test"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_word(cls, given: Any) -> Any:
        return {"all": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _is_one_way(self) -> GivenSplit:
        if sum((self.column is not None, self.pattern is not None, self.all is not None)) != 1:
            raise ValueError("give just one of column, pattern, and all: test")
        if self.all is not None and self.values:
            raise ValueError("all: test needs no values")
        if self.pattern is not None and expression(self.pattern).groups < 1:
            raise ValueError(f"{quoted(self.pattern)} has no group in parentheses that is the part")
        if self.all is None and not {"train", "test"} & set(self.values.values()):
            raise ValueError("no value means train or test")
        return self


def expression(pattern: str) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        ValueError: The pattern is not valid.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{quoted(pattern)} is no regular expression ({error})") from error
