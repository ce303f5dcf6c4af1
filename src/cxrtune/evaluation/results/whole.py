"""Everything that one evaluation found, as it is stored in `results.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cxrtune.evaluation.results.cohort import Caution, Origin, SplitCount, SplitProfile
from cxrtune.evaluation.results.comparison import CallComparison, Comparison
from cxrtune.evaluation.results.localization import Localization
from cxrtune.evaluation.results.model import Example, MissingModel, ModelResult
from cxrtune.evaluation.results.parts import Attribute, OutsideResult, SecondTruth
from cxrtune.evaluation.results.record import Stored

SCHEMA = "cxrtune.results/5"


class Bootstrap(Stored):
    """How the intervals were made: so many replicates of so many patients, by this seed."""

    replicates: int
    patients: int
    seed: int


class StoredResults(Stored):
    """Everything that one evaluation found.

    `images` are those of the split; every number rests on the `shared_images`, which all models scored.
    `synthetic` tells whether a program drew the images; None where that is not recorded. `judged` counts the
    judged images by the part of the cohort that they are in; `patients_in_two_parts` is of the whole cohort.
    `primary` is the endpoint that was named beforehand, a finding or `macro`.
    """

    schema_version: str = SCHEMA
    synthetic: bool | None = None
    origin: Origin = Field(default_factory=Origin)
    split: str
    images: int
    patients: int
    findings: list[str]
    cohort: list[SplitCount]
    models: list[ModelResult]
    missing: list[MissingModel] = Field(default_factory=list)
    shared_images: int | None = None
    shared_patients: int | None = None
    judged: dict[str, int] = Field(default_factory=dict)
    patients_in_two_parts: int | None = None
    bootstrap: Bootstrap | None = None
    primary: str | None = None
    comparisons: list[Comparison] = Field(default_factory=list)
    call_comparisons: list[CallComparison] = Field(default_factory=list)
    attributes: list[Attribute] = Field(default_factory=list)
    outside: list[OutsideResult] = Field(default_factory=list)
    second_truths: list[SecondTruth] = Field(default_factory=list)
    localizations: list[Localization] = Field(default_factory=list)
    shift: list[SplitProfile] = Field(default_factory=list)
    cautions: list[Caution] = Field(default_factory=list)
    examples: list[Example] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> StoredResults:
        """Read `results.json`.

        Raises:
            pydantic.ValidationError: The file is not one of this schema.
        """
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
