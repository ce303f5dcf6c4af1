"""Answers about the data and labels: sources, eligibility, preprocessing, the reference standard."""

from __future__ import annotations

from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.item import ItemAnswer, author, by_origin, filled, joined, not_done, of_all_models
from cxrtune.report.paper.sentences import data, statistics

COHORT = "index.html: Cohort; tables/cohort.csv"
PROVENANCE = "index.html: Provenance"
FLOW = "flow.svg"
LIMITS = "index.html: Limits"
_DRAWN = "There are no patients: a program drew the images."
_NOBODY = "No person judged the images: "


def design(facts: Facts) -> ItemAnswer:
    """Prospective or retrospective design."""
    if facts.synthetic:
        return not_done(f"This is no study of patients. {data.source(facts)}")
    if facts.of_nih:
        return filled(
            "Retrospective: the images had been collected and published before. " + (data.source(facts) or "")
        )
    return author("say whether data were collected before or for this study.")


def sources(facts: Facts) -> ItemAnswer:
    """Data sources."""
    known = joined(data.source(facts), data.table(facts))
    if data.source(facts) is not None and known is not None:
        return filled(known, PROVENANCE)
    return author(
        "name the source, its centres and its dates.",
        joined(data.labels_described(facts), known),
        PROVENANCE if known else "",
    )


def representative(facts: Facts) -> ItemAnswer:
    """Data sources, the rationale for them, and how representative they are."""
    if facts.synthetic:
        return filled(f"{data.source(facts)} They represent no population.", PROVENANCE)
    known = joined(data.source(facts), data.table(facts))
    return author(
        "say why these data were used, and whom they represent.", known, PROVENANCE if known else ""
    )


def eligibility(facts: Facts) -> ItemAnswer:
    """Inclusion and exclusion criteria."""
    rule, counts = data.criteria(facts), data.exclusions(facts)
    known = joined(rule, _kept(facts), counts)
    if counts is not None and known is not None and (facts.synthetic or (facts.of_nih and rule is not None)):
        return filled(known, FLOW)
    if facts.synthetic:
        return not_done(_DRAWN)
    wanted = "give the criteria by which patients and images came into the label table."
    return author(wanted, known, FLOW if counts else "")


def _preparation_and_checks(facts: Facts) -> str | None:
    known = data.preprocessing(facts)
    if known is None:
        return None
    return joined(known, data.unreadable(facts), "This was the same for every image, whatever the group.")


def subsets(facts: Facts) -> ItemAnswer:
    """Which subset of the images, or of each image, was used."""
    cropped = any(recipe.preprocess.resize == "crop" for recipe in facts.recipes.values())
    whole = " The networks were given whole images." if facts.networks and not cropped else ""
    return filled(f"{data.selection(facts)}{whole}", FLOW)


def identifiers(facts: Facts) -> ItemAnswer:
    """De-identification."""
    if facts.synthetic:
        return filled("Nothing had to be removed: the images are of no person.")
    if facts.results.origin.images == "nih":
        return filled(
            "NIH removed identifiers before it published the images [@wang2017]; nothing more was done here."
        )
    return author(
        "say how identifiers were removed, and by whom.",
        "The software removed none from the files that it was given.",
    )


def missing(facts: Facts) -> ItemAnswer:
    """Missing data."""
    return filled(f"{data.missing(facts)} {data.selection(facts)}", COHORT)


def _kept(facts: Facts) -> str | None:
    kept = (facts.map or {}).get("keep")
    if not kept:
        return None
    rules = "; ".join(f"{column}: {', '.join(values)}" for column, values in kept.items())
    return f"The map kept the rows with {rules}."


def ood_check(facts: Facts) -> ItemAnswer:
    """Poor or missing input."""
    if not facts.developed:
        return not_done("No model was developed in this run.")
    return filled(
        "Every training ends with an OOD check, fitted to the training images and stored in the model: "
        "cxrtune flags images that are unlike frontal chest radiographs, turned or inverted, and "
        "gives no numbers but the reason for one that cannot be read. What the gate changes was not "
        "evaluated here."
    )


def definition(facts: Facts) -> ItemAnswer:
    """How the reference standard was obtained."""
    known = data.labels_defined(facts)
    if known is not None:
        return filled(known, LIMITS)
    return author(
        "say how the labels were obtained.",
        joined(data.labels_described(facts), data.labels_joined(facts)),
        LIMITS,
    )


def outcome(facts: Facts) -> ItemAnswer:
    """The outcome, when it is assessed, and whether it is assessed alike in all groups."""
    known = data.labels_defined(facts) or data.labels_described(facts)
    horizon = "The finding is predicted of the image itself; there is no time horizon."
    if facts.synthetic:
        return filled(f"{known} {horizon}", LIMITS)
    return author(
        "say why these findings, and whether they were assessed alike in all groups.", joined(known, horizon)
    )


def annotators(facts: Facts) -> ItemAnswer:
    """Who annotated."""
    nobody = _nobody(facts)
    if nobody is not None:
        return filled(nobody)
    return author("say who annotated, and how they were qualified.", data.labels_joined(facts))


def of_test_images(facts: Facts) -> ItemAnswer:
    """Annotation of the test images."""
    nobody, others = _nobody(facts), statistics.other_labels(facts)
    if nobody is not None:
        return filled(joined("Test images were labelled as all others.", nobody, others) or "")
    return author("say how the test images were annotated.", joined(data.labels_joined(facts), others))


def agreement(facts: Facts) -> ItemAnswer:
    """Agreement between annotators."""
    return not_done(
        joined(
            _nobody(facts),
            "Agreement between or within annotators was not measured; the software computes none.",
        )
        or ""
    )


def _nobody(facts: Facts) -> str | None:
    if facts.synthetic:
        return f"{_NOBODY}the program that drew them labelled them."
    if facts.of_nih:
        return f"{_NOBODY}a program took the labels from the radiology reports [@wang2017]."
    return None


preparation = of_all_models(data.preprocessing, "describe the preprocessing of these models.", PROVENANCE)
preparation_and_checks = of_all_models(
    _preparation_and_checks, "describe preprocessing and checks of quality for these models.", PROVENANCE
)
dates = by_origin(
    synthetic=not_done(_DRAWN),
    nih=filled("Images were taken from 1992 to 2015 [@wang2017]."),
    others=author("give the first and the last date of the images."),
)
setting = by_origin(
    synthetic=not_done(_DRAWN),
    nih=filled("One centre: the National Institutes of Health Clinical Center, Bethesda, USA [@wang2017]."),
    others=author("name the setting, and number and place of the centres."),
)
acquisition = by_origin(
    synthetic=not_done("The images were drawn, not acquired."),
    others=author("name devices, views and settings, or say that they are not known."),
)
treatments = by_origin(
    synthetic=not_done(_DRAWN),
    others=author("say what is known of treatments; the cohort has no column of them."),
)
ethics = by_origin(
    synthetic=not_done("No approval was asked for: the images are of no person."),
    others=author("name the committee that approved the study, and say how consent was given or waived."),
)
rationale = by_origin(
    synthetic=filled("The labels are what was drawn: there is no other reference standard."),
    others=author("say why this reference standard was chosen."),
)
blinding = by_origin(
    synthetic=filled("The labels were made with the images, before any model saw them."),
    nih=filled(
        "The labels were published in 2017, before this evaluation, and without the models judged in it."
    ),
    others=author("say whether those who labelled knew a model's output."),
)
