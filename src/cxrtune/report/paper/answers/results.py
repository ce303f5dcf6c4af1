"""Answers about the evaluation: methods, results, limitations, availability."""

from __future__ import annotations

from cxrtune.evaluation.results import ModelResult
from cxrtune.report.notation import counted, listed, score, span
from cxrtune.report.paper.answers.data import COHORT, FLOW
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, author, filled, joined, not_done
from cxrtune.report.paper.sentences import data, partition, statistics

SUMMARY = "index.html: Summary; tables/auroc.csv"
TESTS = "index.html: Paired tests; tables/comparison.csv"
CALLS = "index.html: Classification reports; results.json: models"

limitations = author(
    "discuss these, and those of the study.",
    "Those that the numbers show are listed.",
    "index.html: Limits",
)
clusters = not_done(
    "Performance was not compared between centres or devices; the images of a patient are the only "
    "clusters that the intervals take into account."
)


def flow(facts: Facts) -> ItemAnswer:
    """Included and excluded participants."""
    known = data.exclusions(facts)
    counted_there = "The figure counts images with and without each finding."
    rest = f"{partition.sizes(facts)} {data.selection(facts)} {counted_there}"
    if known is None:
        return author("give the numbers before these, with the reasons for exclusion.", rest, FLOW)
    return filled(f"{known} {rest}", FLOW)


def characteristics(facts: Facts) -> ItemAnswer:
    """Characteristics of the cases in each part."""
    known = _described(facts)
    if known is None:
        return author("describe the cases of each part; the cohort has no sex, age or view.")
    lacking = _lacking(facts)
    if lacking:
        return author(f"add what the cohort does not have: {', '.join(lacking)}.", known, COHORT)
    return filled(f"{known} The cohort has no other characteristics of patients.", COHORT)


def characteristics_in_full(facts: Facts) -> ItemAnswer:
    """Characteristics of the cases, with dates, treatments and missing values."""
    if facts.synthetic:
        return filled(joined(_described(facts), data.missing(facts)) or "", COHORT)
    return author(
        "add dates, treatments and what else is known of the patients.",
        joined(_described(facts), data.missing(facts)),
        COHORT,
    )


def performance(facts: Facts) -> ItemAnswer:
    """Performance and its uncertainty."""
    said = [_macro(model) for model in facts.results.models if model.macro_auroc is not None]
    if not said:
        return not_done("No AUROC is defined: no finding has both positives and negatives here.")
    if facts.results.bootstrap is None:
        return not_done(f"{' '.join(said)} No intervals were made.", SUMMARY)
    return filled(" ".join(said), SUMMARY)


def performance_in_groups(facts: Facts) -> ItemAnswer:
    """Performance, including subgroups."""
    answer = performance(facts)
    if answer.status != "filled":
        return answer
    groups = statistics.groups(facts) or "No groups could be formed: what would form them is not recorded."
    return filled(
        f"{answer.text} {groups}", f"{SUMMARY}; tables/subgroups.csv" if facts.results.attributes else SUMMARY
    )


def accuracy(facts: Facts) -> ItemAnswer:
    """Diagnostic performance and its precision."""
    if not facts.thresholds:
        return not_done(
            "No calls were made: there are no thresholds, so there is no sensitivity and no specificity."
        )
    if not any("recall" in one.intervals for model in facts.thresholds for one in model.findings.values()):
        return not_done("Sensitivity and specificity have no intervals.", CALLS)
    names = listed([model.name for model in facts.thresholds])
    return filled(
        f"Sensitivity, specificity and precision of {names}, by finding, have 95 % intervals.", CALLS
    )


def failures(facts: Facts) -> ItemAnswer:
    """Analysis of failures."""
    examples = facts.results.examples
    if not examples:
        return not_done("Errors were not analysed.")
    return author(
        "say what these errors have in common; the software does not.",
        f"The {counted(len(examples), 'gravest error')} of {examples[0].model}, at most two of a finding and "
        "kind, are listed.",
        "results.json: examples",
    )


def objectives(facts: Facts) -> ItemAnswer:
    """Objectives: development, evaluation, or both."""
    done = "developed and evaluated models" if facts.developed else "evaluated models, and developed none"
    primary = facts.results.primary
    named = "" if primary is None else f" The primary endpoint was {primary}."
    return author("state aims and hypotheses.", f"This run {done}.{named}")


def availability(facts: Facts) -> ItemAnswer:
    """Availability of software, model and data."""
    return author("say where model and data can be had.", joined(_code(facts), _data(facts)))


def data_availability(facts: Facts) -> ItemAnswer:
    """Availability of the data."""
    return author("say where the data can be had, and under which conditions.", _data(facts))


def code_availability(facts: Facts) -> ItemAnswer:
    """Availability of the analysis code."""
    return author("say where recipes, settings and code of your own can be had.", _code(facts))


def _code(facts: Facts) -> str | None:
    record = facts.lineage.evaluation
    version = "" if record is None else record.versions.get("cxrtune", "")
    return (
        f"The analysis was made with cxrtune{f' {version}' if version else ''}, published under Apache-2.0."
    )


def _data(facts: Facts) -> str | None:
    if facts.synthetic:
        return "The images can be drawn again by cxrtune's phantoms."
    return "NIH ChestX-ray14 is public [@wang2017]." if facts.of_nih else None


def _described(facts: Facts) -> str | None:
    said = []
    for part in facts.results.shift:
        age = "" if part.median_age is None else f"median age {part.median_age:g} years"
        sexes = ", ".join(f"{100 * share:.1f} % {sex}" for sex, share in sorted(part.sexes.items()))
        views = ", ".join(f"{100 * share:.1f} % {view}" for view, share in sorted(part.views.items()))
        told = "; ".join(text for text in (age, sexes, views) if text)
        if told:
            name = partition.PARTS.get(part.split, part.split)
            said.append(f"{name[:1].upper()}{name[1:]}: {told}.")
    return " ".join(said) or None


def _lacking(facts: Facts) -> list[str]:
    parts = facts.results.shift
    return [
        name
        for name, known in (
            ("age", all(part.median_age is not None for part in parts)),
            ("sex", all(part.sexes for part in parts)),
            ("view", all(part.views for part in parts)),
        )
        if not known
    ]


def _macro(model: ModelResult) -> str:
    interval = model.intervals.get("macro_auroc")
    within = f" (95 % interval {span(interval)})" if interval else ""
    over = counted(model.macro_auroc_over, "finding")
    return f"Macro AUROC of {model.name}: {score(model.macro_auroc or 0)}{within} over {over}."


def metrics(facts: Facts) -> ItemAnswer:
    """Performance measures."""
    return filled(statistics.measures(facts), SUMMARY)


def uncertainty(facts: Facts) -> ItemAnswer:
    """Intervals and tests."""
    intervals, tests = statistics.uncertainty(facts), statistics.comparison(facts)
    if intervals is None:
        return not_done("No intervals were made and nothing was tested: the values are point estimates.")
    return filled(
        joined(intervals, tests or "No two models were compared.") or "", TESTS if tests else SUMMARY
    )


def measures_and_comparison(facts: Facts) -> ItemAnswer:
    """All measures and plots, and how models were compared."""
    why = "AUROC and average precision need no threshold."
    whole = None
    if facts.results.bootstrap is not None:
        whole = "Patients are drawn or swapped whole because the images of one patient resemble each other."
    utility = None if facts.wrote("net_benefit.csv") else "Clinical utility was not measured."
    plots = "Curves are shown for each finding."
    return filled(
        joined(
            statistics.measures(facts),
            statistics.uncertainty(facts),
            statistics.comparison(facts),
            why,
            whole,
            plots,
            utility,
        )
        or "",
        SUMMARY,
    )


def robustness(facts: Facts) -> ItemAnswer:
    """Robustness and sensitivity analyses."""
    beside = joined(statistics.groups(facts), statistics.other_labels(facts))
    places = [
        place
        for place, there in (
            ("index.html: Subgroups", facts.results.attributes),
            ("index.html: Other labels", facts.results.second_truths),
        )
        if there
    ]
    return not_done(joined("Images, labels and seeds were not varied.", beside) or "", "; ".join(places))


def explained(facts: Facts) -> ItemAnswer:
    """Explainability."""
    known = statistics.localization(facts)
    if known is None:
        return not_done("No heatmaps were judged.")
    return filled(known, "index.html: Localization; tables/localization.csv")
