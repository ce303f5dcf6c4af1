"""What speaks against a model stands on the page as plainly as what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentences import cohort_of, page_of_results, results_of, scores_of, text_of

from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import (
    Interval,
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
    Origin,
    StoredResults,
)
from cxrtune.report import write_report

MINUS = "\N{MINUS SIGN}"
MEASURES = ("pointing", "mean_iou", *(f"iou_0.{tenth}" for tenth in range(1, 8)))

UNKNOWN = Origin()


@pytest.fixture(scope="module")
def cohort() -> CohortTable:
    """160 images of 80 patients."""
    return cohort_of({"validation": 40, "test": 40})


def values(share: float) -> LocalizationValues:
    """The same share by every measure."""
    iou = {name.removeprefix("iou_"): share for name in MEASURES if name.startswith("iou_")}
    return LocalizationValues(pointing=share, mean_iou=share, iou=iou)


def found(share: float, p: float, **of: float) -> LocalizationFinding:
    """A finding with this share; `of` holds the controls' shares."""
    differences = {
        control: {
            measure: LocalizationDifference(
                difference=share - other, interval=Interval(low=-0.5, high=0.5), p_value=p, p_holm=p
            )
            for measure in MEASURES
        }
        for control, other in of.items()
    }
    return LocalizationFinding(
        images=40,
        patients=30,
        boxes=40,
        values=values(share),
        controls={name: values(other) for name, other in of.items()},
        differences=differences,
    )


@pytest.fixture
def located(make_example: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Return a function that gives the text and the HTML of the section on localization."""

    def write(mass: LocalizationFinding, origin: Origin = UNKNOWN) -> tuple[str, str]:
        example = make_example(f"example-{len(list(tmp_path.iterdir()))}")
        one = Localization(
            model="fine-tuned", title="t", method="CAM", cells=[7, 7], rule="The rule.",
            controls={"random": "Noise.", "lung": "A blob."}, file="boxes.csv", sha256="ab" * 32, images=40,
            patients=30, boxes=40, not_scored=0, without=[], findings={"Mass": mass}, macro=mass,
            macro_over=1,
        )  # fmt: skip
        results = example.results.model_copy(update={"localizations": [one], "origin": origin})
        (example.evaluation / "results.json").write_text(results.model_dump_json(), encoding="utf-8")
        page = write_report(example.evaluation, tmp_path / "out")
        html = page.read_text(encoding="utf-8")
        section = re.search(r'<section id="localization".*?</section>', html, flags=re.DOTALL)
        assert section is not None
        return text_of(page), section.group()

    return write


ALL = "Mass (Pointing, IoU ≥ 0.1, IoU ≥ 0.3, IoU ≥ 0.5)"


def test_worse_is_said_as_plainly_as_better(
    located: Callable[..., tuple[str, str]],
) -> None:
    text, _ = located(found(0.1, 0.0001, lung=0.4, random=0.05))
    for measure in ("Pointing", "IoU ≥ 0.1", "IoU ≥ 0.3", "IoU ≥ 0.5"):
        assert f"{measure}: worse than the centre of a lung by {MINUS}30.0 percentage points" in text
        assert f"{measure}: better than a random map by +5.0 percentage points" in text
    assert f"By finding, corrected for their number: better in none; worse in {ALL}." in text
    assert f"By finding, corrected for their number: better in {ALL}; worse in none." in text


def test_what_cannot_be_told_apart_is_neither(located: Callable[..., tuple[str, str]]) -> None:
    text, html = located(found(0.1, 0.3, lung=0.4, random=0.05))
    assert "worse than" not in text.split("Bold, of the model")[0].split("Localization")[-1]
    assert "better in none; worse in none." in text
    assert "<strong>" not in html


def test_a_control_that_is_better_is_bold(located: Callable[..., tuple[str, str]]) -> None:
    _, html = located(found(0.1, 0.0001, lung=0.4, random=0.05))
    row = html.split('<th scope="row">Mass</th>')[1].split("</tr>")[0]
    bold = re.findall(r"<strong>(.*?)</strong>", row)
    assert bold == ["40"] * 4  # the lung's, by each measure; the model is not better than both
    _, html = located(found(0.5, 0.0001, lung=0.4, random=0.05))
    row = html.split('<th scope="row">Mass</th>')[1].split("</tr>")[0]
    assert re.findall(r"<strong>(.*?)</strong>", row) == ["50"] * 4


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ("nih", "NIH's: drawn by a radiologist."),
        ("synthetic", "Drawn by the program that drew the images."),
        ("unknown", "Who drew them is not recorded."),
    ],
)
def test_boxes_are_those_of_who_drew_them(
    located: Callable[..., tuple[str, str]], boxes: Any, said: str
) -> None:
    _, html = located(found(0.1, 0.3, lung=0.4, random=0.05), Origin(boxes=boxes))
    text = unescape(html)
    assert said in text
    assert ("radiologist" in text) == (boxes == "nih")


def calibrated(results: StoredResults, **changes: tuple[float, float]) -> StoredResults:
    """Results whose calibration of Effusion went from these values to those; of Mass it got better."""
    model = results.models[0]
    calibration = dict(model.calibration)
    for finding, found in calibration.items():
        before = found.before.model_copy(update={"brier": 0.2, "ece": 0.1})
        after = found.after.model_copy(update={"brier": 0.1, "ece": 0.05})
        if finding == "Effusion":
            for name, (then, now) in changes.items():
                before, after = (
                    before.model_copy(update={name: then}),
                    after.model_copy(update={name: now}),
                )
        calibration[finding] = found.model_copy(update={"before": before, "after": after})
    return results.model_copy(update={"models": [model.model_copy(update={"calibration": calibration})]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ece": (0.0073, 0.0198)}, "Effusion (ECE 0.0073 to 0.0198)"),
        ({"brier": (0.2, 0.21)}, "Effusion (Brier score 0.2000 to 0.2100)"),
        (
            {"brier": (0.2, 0.21), "ece": (0.1, 0.2)},
            "Effusion (Brier score 0.2000 to 0.2100, ECE 0.1000 to 0.2000)",
        ),
        ({}, None),
        ({"ece": (0.1, 0.10004)}, None),  # the same as printed
    ],
)
def test_calibration_that_harms_is_said(
    cohort: CohortTable, tmp_path: Path, changes: dict[str, tuple[float, float]], said: str | None
) -> None:
    table = scores_of(cohort, "validation", "test")
    results = calibrated(results_of(cohort, table), **changes)
    assert set(results.models[0].calibration) == {"Effusion", "Mass"}
    text = page_of_results(tmp_path, cohort, results, table)
    sentence = f"Calibration of a made these worse on the images judged: {said}."
    assert (sentence in text) if said else ("made these worse" not in text)


def test_a_group_stands_beside_the_largest_over_the_same_findings(tmp_path: Path) -> None:
    cohort = cohort_of({"validation": 40, "test": 60})
    frame = cohort.frame.copy()
    men = (frame["sex"] == "M").to_numpy()
    place = np.flatnonzero(men & (frame["split"] == "test").to_numpy())
    frame.loc[frame.index[place], "Mass"] = 0
    frame.loc[frame.index[place[:4]], "Mass"] = 1  # too few of the men have a mass
    frame.loc[frame.index[place[-4:]], "sex"] = "F"  # so that women are the largest group
    cohort = CohortTable(frame)
    table = scores_of(cohort, "validation", "test")
    results = results_of(cohort, table)
    sex = next(one for one in results.attributes if one.name == "Sex")
    groups = {group.name: group for group in sex.groups}
    assert groups["female"].is_reference
    man, woman = (groups[name].models["a"] for name in ("male", "female"))
    assert (man.over, woman.over) == (1, 2)
    there = woman.findings["Effusion"].auroc
    assert man.macro_auroc is not None
    assert man.gap is not None
    assert there is not None
    text = page_of_results(tmp_path, cohort, results, table)
    row = text[text.index("Sex: male") :]
    shown = [float(word) for word in re.findall(r"\d\.\d{3}", row.split("Age")[0])]
    # Its mean and interval, the women's mean over the same finding, and the gap, which is their difference.
    assert shown[0] == round(man.macro_auroc, 3)
    assert shown[3] == round(there, 3)
    assert man.macro_auroc - there == pytest.approx(man.gap, abs=1e-12)  # sums of the same floats
    assert round(woman.macro_auroc or 0, 3) != shown[3]
    assert "Of race, ethnicity, site or equipment it tells nothing." in text


def test_without_groups_nothing_is_said_of_groups(tmp_path: Path) -> None:
    cohort = cohort_of({"test": 40})
    cohort = CohortTable(cohort.frame.assign(sex="F"))
    table = scores_of(cohort, "test")
    text = page_of_results(tmp_path, cohort, results_of(cohort, table), table)
    assert "race" not in text
