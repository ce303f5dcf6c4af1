"""CLAIM 2024: the checklist for artificial intelligence in medical imaging (Tejani et al., 44 items).

What an item asks for is in our words; its number is the published one.
"""

from __future__ import annotations

from cxrtune.report.paper.answers import data, evaluation, model, partition, reference_standard, results
from cxrtune.report.paper.item import Guideline, Item, by_author

_TITLE, _INTRODUCTION, _RESULTS = "Title and abstract", "Introduction", "Results"
_DESIGN, _DATA, _STANDARD = "Methods: study design", "Methods: data", "Methods: reference standard"
_PARTS, _TEST, _MODEL = "Methods: data partitions", "Methods: testing data", "Methods: model"
_TRAINING, _EVALUATION = "Methods: training", "Methods: evaluation"
_DISCUSSION, _OTHER = "Discussion", "Other information"

CLAIM = Guideline(
    file="checklist-claim.md",
    title="CLAIM 2024",
    reference="tejani2024",
    numbering=(
        "Item numbers are those of the published checklist, compared one by one with two reproductions of it "
        "on the web (44 items); what each asks for is put in other words."
    ),
    items=(
        Item(
            "1",
            _TITLE,
            "the kind of AI in the title or abstract",
            by_author("name the method, such as deep learning."),
        ),
        Item(
            "2",
            _TITLE,
            "a summary of design, methods, results, conclusions",
            by_author("write the abstract."),
        ),
        Item(
            "3",
            _INTRODUCTION,
            "background, intended use and role of the AI",
            by_author("give the background, and say what the model is for."),
        ),
        Item("4", _INTRODUCTION, "aims, objectives, hypotheses", results.objectives),
        Item("5", _DESIGN, "prospective or retrospective", data.design),
        Item(
            "6",
            _DESIGN,
            "the goal of the study",
            by_author("state the goal, such as feasibility or superiority."),
        ),
        Item("7", _DATA, "sources of the data", data.sources),
        Item("8", _DATA, "inclusion and exclusion criteria", data.eligibility),
        Item("9", _DATA, "preprocessing", data.preparation),
        Item("10", _DATA, "which subsets of the data were used", data.subsets),
        Item("11", _DATA, "how data were de-identified", data.identifiers),
        Item("12", _DATA, "how missing data were handled", data.missing),
        Item("13", _DATA, "how images were acquired", data.acquisition),
        Item("14", _STANDARD, "how the reference standard was obtained", reference_standard.definition),
        Item("15", _STANDARD, "why this reference standard", reference_standard.rationale),
        Item("16", _STANDARD, "who or what annotated", reference_standard.annotators),
        Item("17", _STANDARD, "annotation of the test set", reference_standard.of_test_images),
        Item("18", _STANDARD, "agreement between and within annotators", reference_standard.agreement),
        Item("19", _PARTS, "how data were assigned to parts", partition.assignment),
        Item("20", _PARTS, "the level at which parts are disjoint", partition.disjoint),
        Item("21", _TEST, "the intended sample size", partition.sample_size),
        Item("22", _MODEL, "the model in detail", model.described),
        Item("23", _MODEL, "software libraries and packages", model.software),
        Item("24", _MODEL, "initial weights", model.initialised),
        Item("25", _TRAINING, "the training in detail", model.trained),
        Item("26", _TRAINING, "how the final model was selected", model.selected),
        Item("27", _TRAINING, "ensembles", model.ensembled),
        Item("28", _EVALUATION, "measures of performance", evaluation.metrics),
        Item("29", _EVALUATION, "measures of significance and uncertainty", evaluation.uncertainty),
        Item("30", _EVALUATION, "analysis of robustness or sensitivity", evaluation.robustness),
        Item("31", _EVALUATION, "methods of explanation", evaluation.explained),
        Item("32", _EVALUATION, "evaluation on internal data", partition.internal),
        Item("33", _EVALUATION, "testing on external data", partition.external),
        Item(
            "34",
            _EVALUATION,
            "registration of a clinical trial",
            by_author("give the registration, or say there is none."),
        ),
        Item("35", _RESULTS, "patients or examinations included and excluded", results.flow),
        Item("36", _RESULTS, "characteristics of the cases in each part", results.characteristics),
        Item("37", _RESULTS, "performance with its uncertainty", results.performance),
        Item("38", _RESULTS, "diagnostic performance with its precision", results.accuracy),
        Item("39", _RESULTS, "analysis of failures", results.failures),
        Item("40", _DISCUSSION, "limitations", results.limitations),
        Item("41", _DISCUSSION, "implications for practice", by_author("say what follows for practice.")),
        Item(
            "42",
            _OTHER,
            "study protocol or more technical details",
            by_author("cite the protocol, or say there is none."),
        ),
        Item("43", _OTHER, "availability of software, model and data", results.availability),
        Item(
            "44",
            _OTHER,
            "funding and the role of funders",
            by_author("name sources of funding and their role."),
        ),
    ),
)
