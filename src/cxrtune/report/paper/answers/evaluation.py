"""Answers on the evaluation: what was measured, how uncertain it is, what was looked at beside it."""

from __future__ import annotations

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, filled, joined, not_done
from cxrtune.report.paper.sentences import statistics

SUMMARY = "index.html: Summary; tables/auroc.csv"
TESTS = "index.html: Paired tests; tables/comparison.csv"


def metrics(facts: Facts) -> ItemAnswer:
    """What was measured."""
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
    """Robustness and sensitivity."""
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


def clusters(facts: Facts) -> ItemAnswer:
    """Heterogeneity over centres."""
    return not_done(
        "Performance was not compared between centres or devices; the images of a patient are the only "
        "clusters that the intervals take into account."
    )


def explained(facts: Facts) -> ItemAnswer:
    """Explainability."""
    known = statistics.localization(facts)
    if known is None:
        return not_done("No heatmaps were judged.")
    return filled(known, "index.html: Localization; tables/localization.csv")
