"""Answers about the parts of the cohort, its size, and internal and external testing."""

from __future__ import annotations

from cxrtune.findings import spoken
from cxrtune.report.judged import judged_size
from cxrtune.report.lineage import Kind
from cxrtune.report.notation import count
from cxrtune.report.paper.answers.data import COHORT
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, author, filled, joined, not_done
from cxrtune.report.paper.sentences import partition

REPORTING = "index.html: Reporting"


def assignment(facts: Facts) -> ItemAnswer:
    """How images were assigned to the parts."""
    rule = partition.assignment(facts)
    if rule is None:
        return author("say how images were assigned to these parts.", partition.sizes(facts), COHORT)
    return filled(f"{rule} {partition.sizes(facts)}", COHORT)


def disjoint(facts: Facts) -> ItemAnswer:
    """The level at which parts are disjoint."""
    known = partition.disjoint(facts)
    if known is not None:
        return filled(known, "results.json: patients_in_two_parts")
    why = (
        "The cohort has no identifiers of patients: each image was taken for a patient of its own."
        if not facts.patients_known
        else "Whether a patient is in two parts was not counted."
    )
    return author("say at which level the parts are disjoint.", why)


def use(facts: Facts) -> ItemAnswer:
    """How the data were used for development and evaluation."""
    if not facts.developed:
        return not_done("No model was developed in this run.")
    rule = partition.assignment(facts)
    used = (
        "The training part trained the models, the tuning (validation) part chose epochs, thresholds and "
        "calibration, and models were evaluated on what the report names."
    )
    if rule is None:
        return author(
            "say how images were assigned to these parts.", joined(used, partition.sizes(facts)), COHORT
        )
    return filled(joined(used, rule, partition.sizes(facts)) or "", COHORT)


def sample_size(facts: Facts) -> ItemAnswer:
    """The intended sample size."""
    return not_done(
        "The software plans no sample size: it evaluates what there is, here "
        f"{judged_size(facts.results)}, and says which difference each test "
        "could detect. If a size was planned, say how.",
        COHORT,
    )


def events(facts: Facts) -> ItemAnswer:
    """Numbers of participants and events in each analysis."""
    said = []
    for finding in facts.results.findings:
        positives, negatives, patients = facts.judged(finding)
        said.append(
            f"{spoken(finding)} {count(positives)} of {count(positives + negatives)} ({count(patients)})"
        )
    return filled(
        f"{partition.sizes(facts)} Evaluated, images with the finding of those with a known label and score, "
        f"and patients with it in brackets: {'; '.join(said)}.",
        COHORT,
    )


def internal(facts: Facts) -> ItemAnswer:
    """Evaluation on internal data."""
    return _of_kind(facts, "internal", "No model is known to have been tested internally.")


def external(facts: Facts) -> ItemAnswer:
    """Testing on external data."""
    return _of_kind(facts, "external", "No model is known to have been tested externally.")


def differences(facts: Facts) -> ItemAnswer:
    """Differences between the evaluation data and the development data."""
    if _all_of_this_cohort(facts) and facts.results.shift:
        return filled(
            "Training, tuning and evaluated images are of one cohort, with the same criteria and the same "
            "reference standard; how the parts differ in age, sex, view and prevalence was counted.",
            COHORT,
        )
    return author(
        "name the differences in setting, eligibility, outcome and input.",
        " ".join(testing.sentence for testing in facts.testing),
    )


def compared_with_development(facts: Facts) -> ItemAnswer:
    """Distribution of predictors and outcome, compared with the development data."""
    if _all_of_this_cohort(facts) and facts.results.shift:
        return filled("Age, sex, view and prevalence of the parts stand side by side.", COHORT)
    return not_done("The data of development are not known to this report, or only in part.")


def _of_kind(facts: Facts, kind: Kind, none: str) -> ItemAnswer:
    known = [testing.sentence for testing in facts.testing if testing.kind == kind]
    open_ = [testing.sentence for testing in facts.testing if testing.kind == "unknown"]
    if known and not open_:
        return filled(" ".join(known), REPORTING)
    if open_:
        return author("say what these models were trained on.", " ".join([*known, *open_]), REPORTING)
    return not_done(none)


def _all_of_this_cohort(facts: Facts) -> bool:
    return facts.developed and all(model.name in facts.trained_here for model in facts.results.models)
