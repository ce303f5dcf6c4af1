"""TRIPOD+AI: the reporting of prediction models by regression or machine learning (Collins et al., 27 items).

What an item asks for is in our words; its number is the published one.
"""

from __future__ import annotations

from cxrtune.report.paper.answers import data, evaluation, model, partition, reference_standard, results
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import Guideline, Item, ItemAnswer, author, by_author, not_done

_TITLE, _INTRODUCTION, _METHODS = "Title and abstract", "Introduction", "Methods"
_OPEN, _PUBLIC, _RESULTS, _DISCUSSION = (
    "Open science",
    "Patient and public involvement",
    "Results",
    "Discussion",
)


def _ethics(facts: Facts) -> ItemAnswer:
    if facts.synthetic:
        return not_done("No approval was asked for: the images are of no person.")
    return author("name the committee that approved the study, and say how consent was given or waived.")


def _users(facts: Facts) -> ItemAnswer:
    if not facts.developed:
        return not_done("No model was developed in this run.")
    return author("say what users must do and know.", "cxrtune needs nothing but the image.")


TRIPOD_AI = Guideline(
    file="checklist-tripod-ai.md",
    title="TRIPOD+AI",
    reference="collins2024",
    numbering=(
        "Item numbers are those of the published checklist, compared one by one with a reproduction of the "
        "article's table (27 items, 52 with their parts); what each asks for is put in other words."
    ),
    items=(
        Item(
            "1",
            _TITLE,
            "development or evaluation, population and outcome in the title",
            by_author("write the title."),
        ),
        Item("2", _TITLE, "an abstract by TRIPOD+AI for abstracts", by_author("write the abstract.")),
        Item("3a", _INTRODUCTION, "context, rationale, existing models", by_author("give the background.")),
        Item(
            "3b",
            _INTRODUCTION,
            "target population, purpose, users",
            by_author("say for whom and for what the model is meant."),
        ),
        Item(
            "3c",
            _INTRODUCTION,
            "known inequalities in health",
            by_author("name inequalities that are known."),
        ),
        Item("4", _INTRODUCTION, "objectives: development, evaluation, or both", results.objectives),
        Item("5a", _METHODS, "sources of data, why these, representativeness", data.representative),
        Item("5b", _METHODS, "dates of data collection", data.dates),
        Item("6a", _METHODS, "setting and centres", data.setting),
        Item("6b", _METHODS, "eligibility criteria", data.eligibility),
        Item("6c", _METHODS, "treatments", data.treatments),
        Item(
            "7",
            _METHODS,
            "preprocessing and quality checks, alike in all groups",
            data.preparation_and_checks,
        ),
        Item(
            "8a",
            _METHODS,
            "the outcome, its time horizon, why it, alike in all groups",
            reference_standard.outcome,
        ),
        Item("8b", _METHODS, "who assessed the outcome", reference_standard.annotators),
        Item("8c", _METHODS, "blinding of that assessment", reference_standard.blinding),
        Item("9a", _METHODS, "choice of predictors (development)", model.predictors_chosen),
        Item("9b", _METHODS, "definition of predictors", model.predictors_defined),
        Item("9c", _METHODS, "who assessed predictors", model.predictors_assessed),
        Item("10", _METHODS, "sample size and whether it suffices", partition.sample_size),
        Item("11", _METHODS, "missing data", data.missing),
        Item("12a", _METHODS, "how data were used and parted (development)", partition.use),
        Item("12b", _METHODS, "how predictors were transformed (development)", model.predictors_handled),
        Item("12c", _METHODS, "type of model, why it, building, tuning (development)", model.built),
        Item("12d", _METHODS, "heterogeneity between clusters such as hospitals", evaluation.clusters),
        Item(
            "12e", _METHODS, "measures and plots, why these, comparison", evaluation.measures_and_comparison
        ),
        Item("12f", _METHODS, "updating after evaluation (evaluation)", model.updated),
        Item("12g", _METHODS, "how predictions were calculated (evaluation)", model.predicted),
        Item("13", _METHODS, "class imbalance and recalibration", model.imbalance),
        Item("14", _METHODS, "approaches to fairness", model.fairness),
        Item("15", _METHODS, "output, thresholds and why these (development)", model.output),
        Item("16", _METHODS, "differences between development and evaluation data", partition.differences),
        Item("17", _METHODS, "ethical approval and consent", _ethics),
        Item("18a", _OPEN, "funding", by_author("name sources of funding and the role of funders.")),
        Item("18b", _OPEN, "conflicts of interest", by_author("declare conflicts of interest.")),
        Item("18c", _OPEN, "protocol", by_author("cite the protocol, or say there is none.")),
        Item("18d", _OPEN, "registration", by_author("give the registration, or say there is none.")),
        Item("18e", _OPEN, "availability of the data", results.data_availability),
        Item("18f", _OPEN, "availability of the code", results.code_availability),
        Item(
            "19",
            _PUBLIC,
            "patients and public in the study",
            by_author("say how they took part, or that they did not."),
        ),
        Item("20a", _RESULTS, "flow of participants, with and without the outcome", results.flow),
        Item("20b", _RESULTS, "characteristics of participants", results.characteristics_in_full),
        Item(
            "20c",
            _RESULTS,
            "comparison with the data of development (evaluation)",
            partition.compared_with_development,
        ),
        Item("21", _RESULTS, "participants and events in each analysis", partition.events),
        Item("22", _RESULTS, "the full model, for others to use (development)", model.specification),
        Item("23a", _RESULTS, "performance with intervals, also in groups", results.performance_in_groups),
        Item("23b", _RESULTS, "heterogeneity of performance between clusters", evaluation.clusters),
        Item("24", _RESULTS, "results of updating (evaluation)", model.results_of_update),
        Item("25", _DISCUSSION, "interpretation, fairness among it", by_author("interpret the results.")),
        Item("26", _DISCUSSION, "limitations and their effects", results.limitations),
        Item("27a", _DISCUSSION, "poor or missing input in use (development)", data.quality_gate),
        Item("27b", _DISCUSSION, "what users must do and know (development)", _users),
        Item("27c", _DISCUSSION, "next steps", by_author("name the next steps.")),
    ),
)
