"""What is known about the run that a report shows: the only source for sentences and checklists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from cxrtune.evaluation.results import ModelResult, StoredResults
from cxrtune.provenance import Record
from cxrtune.recipe import Recipe
from cxrtune.report.judged import judged_counts, positive_patients
from cxrtune.report.lineage import PROBE, HowTested, Lineage, all_tested, lineage_of, trained_here
from cxrtune.report.material import Material

_XRV = "xrv:"


@dataclass(frozen=True)
class Facts:
    """The material of a report, and facts derived from it."""

    material: Material

    @property
    def results(self) -> StoredResults:
        """The results of the evaluation."""
        return self.material.results

    @property
    def synthetic(self) -> bool:
        """Whether the images are synthetic."""
        return bool(self.results.synthetic)

    @property
    def of_nih(self) -> bool:
        """Whether images and labels are those of NIH ChestX-ray14."""
        return self.results.origin.images == "nih" and self.results.origin.labels == "nih"

    @cached_property
    def lineage(self) -> Lineage:
        """The records that belong together."""
        return lineage_of(self.material)

    @cached_property
    def trained_here(self) -> frozenset[str]:
        """The models that were trained on this cohort."""
        return trained_here(self.material)

    @cached_property
    def testing(self) -> tuple[HowTested, ...]:
        """How each model was tested."""
        return all_tested(self.material)

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """By model, the recipe of its training, if its record is readable by this version."""
        recipes = {}
        for name, record in self.lineage.trainings.items():
            try:
                recipes[name] = Recipe.model_validate(record.settings)
            except ValidationError:
                continue
        return recipes

    @property
    def probes(self) -> list[ModelResult]:
        """The linear probes that were fitted on this cohort."""
        return [
            model
            for model in self.results.models
            if model.name in self.trained_here and self._stage(model.name) == PROBE
        ]

    @property
    def published(self) -> list[ModelResult]:
        """The models of TorchXRayVision that this program ran."""
        return [model for model in self.results.models if self._stage(model.name).startswith(_XRV)]

    @property
    def networks(self) -> list[ModelResult]:
        """The fine-tuned networks whose training is known."""
        return [model for model in self.results.models if model.name in self.recipes]

    @property
    def others(self) -> list[ModelResult]:
        """The models for which only predictions are known."""
        known = {model.name for model in (*self.networks, *self.probes, *self.published)}
        return [model for model in self.results.models if model.name not in known]

    @property
    def developed(self) -> bool:
        """Whether a model was developed on this cohort with a known recipe."""
        return any(model.name in self.trained_here for model in self.networks)

    def training(self, model: ModelResult) -> Record:
        """Return the record of a network's training."""
        return self.lineage.trainings[model.name]

    @property
    def cohort_settings(self) -> dict[str, Any]:
        """How the cohort was built; empty if there is no record."""
        return {} if self.lineage.cohort is None else self.lineage.cohort.settings

    @property
    def map(self) -> dict[str, Any] | None:
        """The map of a cohort that was built with one."""
        found: dict[str, Any] | None = self.cohort_settings.get("map")
        return found

    @property
    def patients_known(self) -> bool:
        """Whether patients are known, as opposed to each image being treated as a separate patient."""
        return self.map is None or not self.map.get("patient", {}).get("none", False)

    @property
    def thresholds(self) -> list[ModelResult]:
        """The models that have thresholds."""
        return [
            model
            for model in self.results.models
            if any(one.threshold is not None for one in model.findings.values())
        ]

    @property
    def calibrated(self) -> list[ModelResult]:
        """The models whose probabilities were calibrated."""
        return [model for model in self.results.models if model.calibration]

    def wrote(self, name: str) -> bool:
        """Return whether the evaluation wrote a file."""
        written = () if self.lineage.evaluation is None else self.lineage.evaluation.outputs
        return any(output.name == name for output in written)

    def judged(self, finding: str) -> tuple[int, int, int]:
        """Return the numbers of evaluated images with and without a finding, and of patients with it."""
        positives, negatives = judged_counts(self.results, finding)
        return positives, negatives, positive_patients(self.results, finding)

    def _stage(self, name: str) -> str:
        record = self.lineage.tables.get(name)
        return "" if record is None else record.stage
