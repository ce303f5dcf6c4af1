"""The items of CLAIM 2024 and TRIPOD+AI, with their answers.

CLAIM is the checklist for artificial intelligence in medical imaging (Tejani et al., 44 items), TRIPOD+AI
is that for prediction models based on regression or machine learning (Collins et al., 27 items). The items
are paraphrased; their numbers are the published ones.
"""

from __future__ import annotations

from cxrtune.report.paper.answers import data, model, partition, results
from cxrtune.report.paper.item import Guideline, ItemsBySection, items_by_section

_CLAIM: ItemsBySection = {
    "Title and abstract": (
        ("1", "the kind of AI in the title or abstract", "name the method, such as deep learning."),
        ("2", "a summary of design, methods, results, conclusions", "write the abstract."),
    ),
    "Introduction": (
        (
            "3",
            "background, intended use and role of the AI",
            "give the background, and say what the model is for.",
        ),
        ("4", "aims, objectives, hypotheses", results.objectives),
    ),
    "Methods: study design": (
        ("5", "prospective or retrospective", data.design),
        ("6", "the goal of the study", "state the goal, such as feasibility or superiority."),
    ),
    "Methods: data": (
        ("7", "sources of the data", data.sources),
        ("8", "inclusion and exclusion criteria", data.eligibility),
        ("9", "preprocessing", data.preparation),
        ("10", "which subsets of the data were used", data.subsets),
        ("11", "how data were de-identified", data.identifiers),
        ("12", "how missing data were handled", data.missing),
        ("13", "how images were acquired", data.acquisition),
    ),
    "Methods: reference standard": (
        ("14", "how the reference standard was obtained", data.definition),
        ("15", "why this reference standard", data.rationale),
        ("16", "who or what annotated", data.annotators),
        ("17", "annotation of the test set", data.of_test_images),
        ("18", "agreement between and within annotators", data.agreement),
    ),
    "Methods: data partitions": (
        ("19", "how data were assigned to parts", partition.assignment),
        ("20", "the level at which parts are disjoint", partition.disjoint),
    ),
    "Methods: testing data": (("21", "the intended sample size", partition.sample_size),),
    "Methods: model": (
        ("22", "the model in detail", model.described),
        ("23", "software libraries and packages", model.software),
        ("24", "initial weights", model.initialised),
    ),
    "Methods: training": (
        ("25", "the training in detail", model.trained),
        ("26", "how the final model was selected", model.selected),
        ("27", "ensembles", model.ensembled),
    ),
    "Methods: evaluation": (
        ("28", "measures of performance", results.metrics),
        ("29", "measures of significance and uncertainty", results.uncertainty),
        ("30", "analysis of robustness or sensitivity", results.robustness),
        ("31", "methods of explanation", results.explained),
        ("32", "evaluation on internal data", partition.internal),
        ("33", "testing on external data", partition.external),
        ("34", "registration of a clinical trial", "give the registration, or say there is none."),
    ),
    "Results": (
        ("35", "patients or examinations included and excluded", results.flow),
        ("36", "characteristics of the cases in each part", results.characteristics),
        ("37", "performance with its uncertainty", results.performance),
        ("38", "diagnostic performance with its precision", results.accuracy),
        ("39", "analysis of failures", results.failures),
    ),
    "Discussion": (
        ("40", "limitations", results.limitations),
        ("41", "implications for practice", "say what follows for practice."),
    ),
    "Other information": (
        ("42", "study protocol or more technical details", "cite the protocol, or say there is none."),
        ("43", "availability of software, model and data", results.availability),
        ("44", "funding and the role of funders", "name sources of funding and their role."),
    ),
}

_TRIPOD_AI: ItemsBySection = {
    "Title and abstract": (
        ("1", "development or evaluation, population and outcome in the title", "write the title."),
        ("2", "an abstract by TRIPOD+AI for abstracts", "write the abstract."),
    ),
    "Introduction": (
        ("3a", "context, rationale, existing models", "give the background."),
        ("3b", "target population, purpose, users", "say for whom and for what the model is meant."),
        ("3c", "known inequalities in health", "name inequalities that are known."),
        ("4", "objectives: development, evaluation, or both", results.objectives),
    ),
    "Methods": (
        ("5a", "sources of data, why these, representativeness", data.representative),
        ("5b", "dates of data collection", data.dates),
        ("6a", "setting and centres", data.setting),
        ("6b", "eligibility criteria", data.eligibility),
        ("6c", "treatments", data.treatments),
        ("7", "preprocessing and quality checks, alike in all groups", data.preparation_and_checks),
        ("8a", "the outcome, its time horizon, why it, alike in all groups", data.outcome),
        ("8b", "who assessed the outcome", data.annotators),
        ("8c", "blinding of that assessment", data.blinding),
        ("9a", "choice of predictors (development)", model.predictors_chosen),
        ("9b", "definition of predictors", model.predictors_defined),
        ("9c", "who assessed predictors", model.predictors_assessed),
        ("10", "sample size and whether it suffices", partition.sample_size),
        ("11", "missing data", data.missing),
        ("12a", "how data were used and parted (development)", partition.use),
        ("12b", "how predictors were transformed (development)", model.predictors_handled),
        ("12c", "type of model, why it, building, tuning (development)", model.built),
        ("12d", "heterogeneity between clusters such as hospitals", results.clusters),
        ("12e", "measures and plots, why these, comparison", results.measures_and_comparison),
        ("12f", "updating after evaluation (evaluation)", model.updated),
        ("12g", "how predictions were calculated (evaluation)", model.predicted),
        ("13", "class imbalance and recalibration", model.imbalance),
        ("14", "approaches to fairness", model.fairness),
        ("15", "output, thresholds and why these (development)", model.output),
        ("16", "differences between development and evaluation data", partition.differences),
        ("17", "ethical approval and consent", data.ethics),
    ),
    "Open science": (
        ("18a", "funding", "name sources of funding and the role of funders."),
        ("18b", "conflicts of interest", "declare conflicts of interest."),
        ("18c", "protocol", "cite the protocol, or say there is none."),
        ("18d", "registration", "give the registration, or say there is none."),
        ("18e", "availability of the data", results.data_availability),
        ("18f", "availability of the code", results.code_availability),
    ),
    "Patient and public involvement": (
        ("19", "patients and public in the study", "say how they took part, or that they did not."),
    ),
    "Results": (
        ("20a", "flow of participants, with and without the outcome", results.flow),
        ("20b", "characteristics of participants", results.characteristics_in_full),
        ("20c", "comparison with the data of development (evaluation)", partition.compared_with_development),
        ("21", "participants and events in each analysis", partition.events),
        ("22", "the full model, for others to use (development)", model.specification),
        ("23a", "performance with intervals, also in groups", results.performance_in_groups),
        ("23b", "heterogeneity of performance between clusters", results.clusters),
        ("24", "results of updating (evaluation)", model.results_of_update),
    ),
    "Discussion": (
        ("25", "interpretation, fairness among it", "interpret the results."),
        ("26", "limitations and their effects", results.limitations),
        ("27a", "poor or missing input in use (development)", data.ood_check),
        ("27b", "what users must do and know (development)", model.users),
        ("27c", "next steps", "name the next steps."),
    ),
}

CLAIM = Guideline(
    file="checklist-claim.md",
    title="CLAIM 2024",
    reference="tejani2024",
    numbering=(
        "Item numbers are those of the published checklist, "
        "compared one by one with two reproductions of it on the web (44 items); "
        "what each asks for is put in other words."
    ),
    items=items_by_section(_CLAIM),
)
TRIPOD_AI = Guideline(
    file="checklist-tripod-ai.md",
    title="TRIPOD+AI",
    reference="collins2024",
    numbering=(
        "Item numbers are those of the published checklist, "
        "compared one by one with a reproduction of the article's table (27 items, 52 with their parts); "
        "what each asks for is put in other words."
    ),
    items=items_by_section(_TRIPOD_AI),
)
