"""Careless input is told in the page's first lines, and by the same sentences on the console."""

import pytest
from sentences import cohort_of, page_of_results, results_of, scores_of

from cxrtune.evaluation.results import Caution
from cxrtune.report.notes import caution_sentences

CASES = [
    (Caution(kind="one-patient", count=60, of=60), "All 60 images judged are of one patient: there is no"),
    (
        Caution(kind="large-patient", count=90, of=120),
        "One patient has 90 of the 120 images judged (75.0 %)",
    ),
    (
        Caution(kind="one-positive-patient", count=12, of=12, finding="Pleural_Thickening"),
        "All positive images are of one patient for pleural thickening (12 images)",
    ),
    (
        Caution(kind="binary-scores", count=50, of=50, model="theirs"),
        "Every score of theirs is 0 or 1: are these calls, or labels, and no scores?",
    ),
    (
        Caution(kind="same-scores", count=20, of=240),
        "20 of the 240 images judged have exactly the scores of another patient's image",
    ),
    (
        Caution(kind="below-chance", count=9, of=50, model="theirs", finding="Mass", value=0.091),
        "AUROC below chance: theirs on Mass (0.091). Are these scores of the absence of the finding?",
    ),
    (
        Caution(kind="unknown-labels", count=50, of=240, finding="Mass"),
        "Labels are not known of all judged images: Mass of 50 of 240.",
    ),
    (
        Caution(kind="worst-case", count=8, of=240, model="theirs", value=0.71),
        "theirs did not score 8 of 240 images: if it had ranked all of these wrongly, its macro AUROC over "
        "all images would be 0.710.",
    ),
]


@pytest.mark.parametrize(("caution", "sentence"), CASES, ids=[caution.kind for caution, _ in CASES])
def test_each_caution_has_its_sentence_on_the_page_and_only_then(caution, sentence, tmp_path):
    cohort = cohort_of({"validation": 40, "test": 40})
    table = scores_of(cohort, "validation", "test")
    results = results_of(cohort, table)
    cautious = results.model_copy(update={"cautions": [caution]})
    (told,) = caution_sentences(cautious)
    assert told.lower().startswith(sentence.lower())
    assert sentence.lower() in page_of_results(tmp_path / "with", cohort, cautious, table).lower()
    assert sentence.lower() not in page_of_results(tmp_path / "without", cohort, results, table).lower()
