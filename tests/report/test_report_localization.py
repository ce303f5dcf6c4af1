"""The section on localization: its numbers, its verdicts, its figure, and when it is not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cxrtune.evaluation.results import (
    Interval,
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
)
from cxrtune.report import write_report

THRESHOLDS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7")
HOSTILE = '<script>alert("m")</script>'


def values(share: float, *, intervals: bool = True) -> LocalizationValues:
    """Shares that fall with the threshold, from one number."""
    iou = {threshold: share * (1 - float(threshold)) for threshold in THRESHOLDS}
    found = {"pointing": share} | {f"iou_{threshold}": value for threshold, value in iou.items()}
    return LocalizationValues(
        pointing=share,
        mean_iou=share / 2,
        iou=iou,
        intervals={name: Interval(low=value - 0.05, high=value + 0.05) for name, value in found.items()}
        if intervals
        else {},
    )


def finding(share: float, p_value: float | None = 0.0001, *, images: int = 40) -> LocalizationFinding:
    """A finding on which the controls reach 0.2 and 0.06."""
    controls = {"random": values(0.06), "lung": values(0.2)}
    differences = {
        name: {
            measure: LocalizationDifference(
                difference=share - (control.pointing or 0),
                interval=None if p_value is None else Interval(low=0.01, high=0.6),
                p_value=p_value,
                p_holm=p_value,
            )
            for measure in control.measures
        }
        for name, control in controls.items()
    }
    return LocalizationFinding(
        images=images,
        patients=30,
        boxes=45,
        values=values(share, intervals=p_value is not None),
        controls=controls,
        differences=differences,
    )


def localization(macro: LocalizationFinding, model: str = "fine-tuned", **changes: Any) -> Localization:
    """One model on two findings."""
    fields: dict[str, Any] = {
        "model": model, "title": model, "method": "Grad-CAM.", "cells": [7, 7], "rule": "The rule.",
        "controls": {"random": "Noise.", "lung": "A blob."}, "file": "boxes.csv", "sha256": "ab" * 32,
        "images": 80, "patients": 60, "boxes": 90, "not_scored": 0, "without": [],
        "findings": {"Mass": finding(0.53), "Pleural_Thickening": finding(0.13, 0.4)},
        "macro": macro, "macro_over": 2,
    }  # fmt: skip
    return Localization(**fields | changes)


@pytest.fixture
def page(make_example: Callable[..., Any], tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a report with these localizations, and gives its section's HTML."""

    def write(*found: Localization) -> str:
        example = make_example(f"example-{len(list(tmp_path.iterdir()))}")
        results = example.results.model_copy(update={"localizations": list(found)})
        (example.evaluation / "results.json").write_text(results.model_dump_json(), encoding="utf-8")
        html = write_report(example.evaluation, tmp_path / "out").read_text(encoding="utf-8")
        section = re.search(r'<section id="localization".*?</section>', html, flags=re.DOTALL)
        return "" if section is None else section.group()

    return write


def text_of(html: str) -> str:
    without_drawing = re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
    text = unescape(re.sub(r"<[^>]+>", " ", without_drawing))
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_without_heatmaps_there_is_no_section_and_an_old_figure_goes(
    page: Callable[..., str], tmp_path: Path
) -> None:
    assert page(localization(finding(0.5)))
    assert (tmp_path / "out" / "figures" / "localization.png").is_file()
    assert page() == ""
    assert not list((tmp_path / "out" / "figures").glob("localization.*"))


def test_a_better_model_is_said_to_be_better(page: Callable[..., str]) -> None:
    text = text_of(page(localization(finding(0.5))))
    assert (
        "fine-tuned points into the finding's box in 50 % of the images, the centre of a lung in 20 %, "
        "a random map in 6 % (mean of 2 findings, 80 images of 60 patients)." in text
    )
    assert (
        "Pointing: better than the centre of a lung by +30.0 percentage points (95 % interval +1.0 to" in text
    )
    assert "p < 0.001" in text


@pytest.mark.parametrize(
    ("macro", "said"),
    [
        (finding(0.21, 0.8), "Pointing: not separable from the centre of a lung with these images, +1.0"),
        (finding(0.1, 0.01), "Pointing: worse than the centre of a lung by \N{MINUS SIGN}10.0"),
        (finding(0.5, None), "Pointing: for a test against a random map there are too few images."),
    ],
)  # fmt: skip
def test_other_verdicts(page: Callable[..., str], macro: LocalizationFinding, said: str) -> None:
    assert said in text_of(page(localization(macro)))


def test_the_table_shows_model_lung_and_random_and_what_beats_both_is_bold(page: Callable[..., str]) -> None:
    html = page(localization(finding(0.5)))
    rows = dict(re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', html, flags=re.DOTALL))
    assert list(rows) == ["Mass", "Pleural thickening", "Macro average"]
    cells = [text_of(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", rows["Mass"], flags=re.DOTALL)]
    assert cells[:4] == ["40", "53 48 to 58", "20", "6"]  # images, pointing
    assert cells[4:] == ["48 43 to 53", "18", "5", "37 32 to 42", "14", "4", "26 22 to 32", "10", "3"]  # IoU
    assert rows["Mass"].count("<strong>") == 4
    assert "<strong>" not in rows["Pleural thickening"]


def test_what_was_not_judged_is_said(page: Callable[..., str]) -> None:
    text = text_of(page(localization(finding(0.5), not_scored=3, without=["Hernia", "Pleural_Thickening"])))
    assert "3 boxed images had no map and could not be judged." in text
    assert "Boxes without maps: Hernia and Pleural thickening." in text


def test_rule_controls_and_source_are_stated(page: Callable[..., str]) -> None:
    text = text_of(page(localization(finding(0.5)), localization(finding(0.4), "probe", method="CAM")))
    for stated in (
        "Grad-CAM (7 x 7 cells). CAM (7 x 7 cells).",
        "The rule. Nothing in it was tuned.",
        "A blob.",
        "Noise.",
        f"boxes.csv, SHA-256 {'ab' * 32}.",
    ):
        assert stated in text


def test_the_figure_has_a_line_a_model_and_both_controls(page: Callable[..., str], tmp_path: Path) -> None:
    page(localization(finding(0.5)), localization(finding(0.4, None), "probe"))
    path = tmp_path / "out" / "figures" / "localization.svg"
    words = ["".join(one.itertext()) for one in ElementTree.parse(path).iter() if one.tag.endswith("}text")]
    for name in ("fine-tuned", "probe", "Centre of a lung", "Random map", "Agreement of boxes"):
        assert name in words
    assert "mean of 2 findings, 80 images with boxes" in words


def test_hostile_names_are_text(page: Callable[..., str]) -> None:
    html = page(localization(finding(0.5), HOSTILE, method=HOSTILE, file=HOSTILE))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
