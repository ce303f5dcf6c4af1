"""The sections of the page, in order: each has one view function and a template of the same name.

To add a section, write `sections/<name>.py` with a function from `Material` to a frozen view,
`templates/sections/<name>.html.j2`, which shows `view`, and an entry in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cxrtune.report.material import Material
from cxrtune.report.sections.calibration import calibration_view
from cxrtune.report.sections.classification import classification_view
from cxrtune.report.sections.cohort import cohort_view
from cxrtune.report.sections.comparison import comparison_view
from cxrtune.report.sections.contamination import contamination_view
from cxrtune.report.sections.examples import examples_view
from cxrtune.report.sections.limits import limits_view
from cxrtune.report.sections.localization import localization_view
from cxrtune.report.sections.model_card import model_card_view
from cxrtune.report.sections.net_benefit import net_benefit_view
from cxrtune.report.sections.operating_points import operating_points_view
from cxrtune.report.sections.paired_calls import paired_calls_view
from cxrtune.report.sections.provenance import provenance_view
from cxrtune.report.sections.reporting import reporting_view
from cxrtune.report.sections.roc import roc_view
from cxrtune.report.sections.second_truth import second_truth_view
from cxrtune.report.sections.subgroups import subgroups_view
from cxrtune.report.sections.summary import summary_view
from cxrtune.report.sections.training import training_view


@dataclass(frozen=True)
class Section:
    """One section: `name` is its anchor in the page and the name of its template.

    A section is omitted if its function returns None instead of a view.
    """

    name: str
    heading: str
    view: Callable[[Material], object | None]


SECTIONS = (
    Section("summary", "Summary", summary_view),
    Section("cohort", "Cohort", cohort_view),
    Section("training", "Training", training_view),
    Section("comparison", "Paired tests", comparison_view),
    Section("roc", "Curves", roc_view),
    Section("classification", "Classification reports", classification_view),
    Section("paired_calls", "Paired tests of calls", paired_calls_view),
    Section("operating_points", "Thresholds", operating_points_view),
    Section("calibration", "Calibration", calibration_view),
    Section("net_benefit", "Net benefit", net_benefit_view),
    Section("localization", "Localization", localization_view),
    Section("subgroups", "Subgroups", subgroups_view),
    Section("contamination", "Seen in training", contamination_view),
    Section("second_truth", "Other labels", second_truth_view),
    Section("examples", "Examples", examples_view),
    Section("limits", "Limits", limits_view),
    Section("model_card", "Model card", model_card_view),
    Section("reporting", "Reporting", reporting_view),
    Section("provenance", "Provenance", provenance_view),
)
