"""`cxrtune evaluate --heatmaps`: what is written, what is refused, and what the page then shows."""

import json

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import CohortTable
from cxrtune.heatmaps import Heatmaps

FINDINGS = ("Effusion", "Mass")
TEST = 40


@pytest.fixture
def place(tmp_path):
    """A cohort of 120 images, predictions, heatmaps that find what is there, and a list of boxes."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "image": [f"{row:03}.png" for row in range(120)],
            "patient": [str(row // 2) for row in range(120)],
            "view": "PA",
            "sex": "F",
            "age": 50,
            "followup": 0,
            "split": np.repeat(["train", "validation", "test"], TEST),
        }
    )
    for finding in FINDINGS:
        frame[finding] = pd.array(random.integers(0, 2, 120), dtype="Int8")
    CohortTable(frame).write(tmp_path / "cohort.parquet")
    scores = {finding: random.random(120).round(3) for finding in FINDINGS}
    pd.DataFrame({"image": frame["image"], **scores}).to_csv(tmp_path / "ours.csv", index=False)
    images = frame["image"].to_numpy(dtype=object)[-TEST:]
    cells = random.integers(0, 6, size=(TEST, 2, 2))
    maps = np.zeros((TEST, 2, 7, 7), dtype=np.float32)
    lines = ["Image Index,Finding Label,Bbox [x,y,w,h],,,"]
    for row, image in enumerate(images):
        for column, finding in enumerate(FINDINGS):
            x, y = cells[row, column]
            maps[row, column, y : y + 2, x : x + 2] = 1
            lines.append(f"{image},{finding},{x * 146},{y * 146},292,292,,,")
    Heatmaps(images, FINDINGS, maps, "Ours", "made by hand").write(tmp_path / "ours.safetensors")
    (tmp_path / "boxes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def evaluate(cxrtune, place):
    """Return a function that evaluates with more options."""

    def run(*more, heatmaps="ours=ours.safetensors"):
        named = f"{heatmaps.partition('=')[0]}={place / heatmaps.partition('=')[2]}"
        return cxrtune(
            "evaluate", "--cohort", place / "cohort.parquet", "--predictions", f"ours={place / 'ours.csv'}",
            "--out", place / "evaluation", "--replicates", 200, "--heatmaps", named, *more,
        )  # fmt: skip

    return run


@pytest.fixture
def report(cxrtune, place):
    """Return a function that writes the report and gives its text."""

    def run():
        assert cxrtune("report", "--evaluation", place / "evaluation", "--out", place / "report").code == 0
        return (place / "report" / "index.html").read_text(encoding="utf-8")

    return run


def test_the_score_is_in_the_results_the_tables_and_the_page(evaluate, place, report):
    seen = evaluate("--boxes", place / "boxes.csv")
    assert seen.code == 0, seen
    results = json.loads((place / "evaluation" / "results.json").read_text())
    assert results["schema_version"] == "cxrtune.results/6"
    (one,) = results["localizations"]
    assert (one["model"], one["title"], one["method"]) == ("ours", "Ours", "made by hand")
    assert (one["images"], one["patients"], one["boxes"], one["not_scored"]) == (40, 20, 80, 0)
    assert one["file"] == "boxes.csv"
    for finding in FINDINGS:
        found = one["findings"][finding]
        assert found["values"]["pointing"] == 1
        assert found["differences"]["lung"]["pointing"]["interval"]["low"] > 0.3
    table = pd.read_csv(place / "evaluation" / "localization.csv")
    assert len(table) == 3 * 9
    row = table[(table["finding"] == "Mass") & (table["measure"] == "iou_0.1")].iloc[0]
    assert row["value"] == one["findings"]["Mass"]["values"]["iou"]["0.1"]
    assert row["less lung"] == pytest.approx(row["value"] - row["lung"])
    assert "| macro average | pointing |" in (place / "evaluation" / "localization.md").read_text()
    record = json.loads((place / "evaluation" / "provenance.json").read_text())
    assert {"heatmaps of ours", "list of boxes"} <= {source["name"] for source in record["inputs"]}
    page = report()
    assert '<section id="localization"' in page
    assert "localization.svg" in {path.name for path in (place / "report" / "figures").iterdir()}


def test_without_heatmaps_there_is_no_such_section_or_table(cxrtune, place, report):
    seen = cxrtune(
        "evaluate", "--cohort", place / "cohort.parquet", "--predictions", f"ours={place / 'ours.csv'}",
        "--out", place / "evaluation", "--replicates", 100,
    )  # fmt: skip
    assert seen.code == 0
    assert not (place / "evaluation" / "localization.csv").exists()
    assert '<section id="localization"' not in report()


def test_it_is_kept_while_nothing_changes_and_made_anew_for_other_boxes(evaluate, place):
    assert evaluate("--boxes", place / "boxes.csv").code == 0
    assert "unchanged" in evaluate("--boxes", place / "boxes.csv").out
    lines = (place / "boxes.csv").read_text().splitlines()
    (place / "boxes.csv").write_text("\n".join(lines[:-10]) + "\n")
    assert "unchanged" not in evaluate("--boxes", place / "boxes.csv").out
    results = json.loads((place / "evaluation" / "results.json").read_text())
    assert results["localizations"][0]["boxes"] == 70


def test_images_without_a_map_are_told(evaluate, place):
    whole = (place / "boxes.csv").read_text()
    (place / "boxes.csv").write_text(whole + "079.png,Mass,1,1,9,9,,,\n")  # of validation: does not count
    frame = pd.read_parquet(place / "cohort.parquet")
    frame.loc[79, "split"] = "test"
    CohortTable(frame).write(place / "cohort.parquet")
    assert "1 boxed test images have no heatmap of ours" in evaluate("--boxes", place / "boxes.csv").err


def test_boxes_of_other_images_only_are_told(evaluate, place, report):
    (place / "boxes.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\nother.png,Mass,1,1,9,9,,,\n"
    )
    seen = evaluate("--boxes", place / "boxes.csv")
    assert seen.code == 0
    assert "none of the test images has both a box and a heatmap of ours" in seen.err
    assert '<section id="localization"' not in report()


def test_heatmaps_without_boxes_are_refused_with_what_to_give(evaluate):
    message = evaluate().refused(2)
    assert "heatmaps are given, but no boxes to judge them by" in message
    assert "--boxes DIR/BBox_List_2017.csv" in message


def test_boxes_without_heatmaps_are_refused(cxrtune, place):
    seen = cxrtune(
        "evaluate", "--cohort", place / "cohort.parquet", "--predictions", f"ours={place / 'ours.csv'}",
        "--out", place / "evaluation", "--boxes", place / "boxes.csv",
    )  # fmt: skip
    assert "a list of boxes is given, but no heatmaps to judge by it" in seen.refused(2)


def test_heatmaps_of_a_model_that_is_not_compared_are_refused(evaluate, place):
    seen = evaluate("--boxes", place / "boxes.csv", heatmaps="theirs=ours.safetensors")
    message = seen.refused(2)
    assert "heatmaps are given of theirs, whose predictions are not" in message
    assert "The models are ours." in message


@pytest.mark.parametrize("file", ["none.safetensors", "cohort.parquet"])
def test_a_file_that_holds_no_heatmaps_is_refused(evaluate, place, file):
    assert file in evaluate("--boxes", place / "boxes.csv", heatmaps=f"ours={file}").refused()


def test_a_list_that_is_none_is_refused(evaluate, place):
    message = evaluate("--boxes", place / "ours.csv").refused()
    assert "ours.csv: has no column 'Image Index'" in message
