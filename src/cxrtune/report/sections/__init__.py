"""The sections of the page, in order: each is one view function and one template of the same name.

To add a section, write `sections/<name>.py` with a function from `Material` to a frozen view,
`templates/sections/<name>.html.j2` that shows `view`, and a line in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cxrtune.report.material import Material
from cxrtune.report.sections.classification import classification_view
from cxrtune.report.sections.cohort import cohort_view
from cxrtune.report.sections.limits import limits_view
from cxrtune.report.sections.provenance import provenance_view
from cxrtune.report.sections.roc import roc_view
from cxrtune.report.sections.summary import summary_view
from cxrtune.report.sections.training import training_view


@dataclass(frozen=True)
class Section:
    """One section: `name` is its anchor in the page and its template's name."""

    name: str
    heading: str
    view: Callable[[Material], object]


SECTIONS = (
    Section("summary", "Summary", summary_view),
    Section("cohort", "Cohort", cohort_view),
    Section("training", "Training", training_view),
    Section("roc", "ROC curves", roc_view),
    Section("classification", "Classification reports", classification_view),
    Section("limits", "Limits", limits_view),
    Section("provenance", "Provenance", provenance_view),
)
