"""Whose images, labels and boxes a cohort's are, by its record and by NIH's published tables."""

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.boxes import SHIPPED_BOX_LIST, read_boxes
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.cohort.table import CohortTable
from cxrtune.evaluation.results import Origin
from cxrtune.experiment.cohort import make_cohort
from cxrtune.experiment.origins import notice_of, origin_of
from cxrtune.phantom import write_phantoms
from cxrtune.progress import SilentReporter

FINDINGS = ("Effusion", "Mass")


@pytest.fixture(scope="module")
def nih():
    """Four hundred rows of NIH's table, as a cohort."""
    table = pd.read_csv(shipped_table(NIH_TABLE), nrows=400, dtype=str)
    frame = pd.DataFrame(
        {
            "image": table["Image Index"],
            "patient": table["Patient ID"],
            "view": table["View Position"],
            "sex": table["Patient Gender"],
            "age": 50,
            "followup": 0,
            "split": "test",
        }
    )
    for finding in FINDINGS:
        present = table["Finding Labels"].str.split("|").map(lambda named, one=finding: one in named)
        frame[finding] = present.astype("Int8")
    return CohortTable(frame)


def test_nihs_images_and_labels_are_recognised(nih, tmp_path):
    assert origin_of(tmp_path / "cohort.parquet", nih, None, None) == Origin(images="nih", labels="nih")


def test_other_labels_of_nihs_images_are_not_nihs(nih, tmp_path):
    random = np.random.default_rng(0)
    frame = nih.frame.copy()
    for finding in FINDINGS:
        frame[finding] = pd.array(random.permutation(frame[finding].to_numpy()), dtype="Int8")
    assert origin_of(tmp_path / "cohort.parquet", CohortTable(frame), None, None) == Origin(images="nih")


def test_other_images_of_nihs_names_are_unknown(nih, tmp_path):
    frame = nih.frame.assign(sex=nih.frame["sex"].map({"M": "F", "F": "M"}))
    assert origin_of(tmp_path / "cohort.parquet", CohortTable(frame), None, None) == Origin()


def test_nihs_boxes_are_recognised_by_what_they_are(nih, tmp_path):
    published = shipped_table(SHIPPED_BOX_LIST)
    assert origin_of(tmp_path / "c.parquet", nih, published, read_boxes(published)).boxes == "nih"
    table = pd.read_csv(published)
    other = tmp_path / "BBox_List_2017.csv"
    table.iloc[:50].to_csv(other, index=False)
    assert origin_of(tmp_path / "c.parquet", nih, other, read_boxes(other)).boxes == "unknown"


def test_phantoms_are_synthetic_by_the_notice_beside_them(tmp_path):
    data, out = tmp_path / "phantoms", tmp_path / "cohort.parquet"
    write_phantoms(data, count=40, size=64, workers=1)
    make_cohort(data, out, protocol="nih8", seed=0, metadata_only=False, reporter=SilentReporter())
    cohort, boxes = CohortTable(pd.read_parquet(out)), data / "BBox_List_2017.csv"
    expected = Origin(images="synthetic", labels="synthetic", boxes="synthetic")
    assert origin_of(out, cohort, boxes, read_boxes(boxes)) == expected
    # Boxes of another folder are somebody's.
    copy = tmp_path / "BBox_List_2017.csv"
    copy.write_bytes(boxes.read_bytes())
    assert origin_of(out, cohort, copy, read_boxes(copy)).boxes == "unknown"
    assert [source.name for source in notice_of(data / "images")] == ["SYNTHETIC.txt"]


def test_without_a_notice_nothing_is_called_synthetic(tmp_path):
    data, out = tmp_path / "phantoms", tmp_path / "cohort.parquet"
    write_phantoms(data, count=40, size=64, workers=1)
    (data / "SYNTHETIC.txt").unlink()
    make_cohort(data, out, protocol="nih8", seed=0, metadata_only=False, reporter=SilentReporter())
    assert origin_of(out, CohortTable(pd.read_parquet(out)), None, None) == Origin()
    assert notice_of(data) == []
