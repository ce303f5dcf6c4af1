"""NIH's list of boxes, and phantoms', and what is said of one that is wrong."""

import gzip

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.boxes import BOX_LIST, find_boxes, read_boxes
from cxrtune.cohort.nih import read_table
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from cxrtune.cohort.table import CohortTable
from cxrtune.errors import DataError
from cxrtune.phantom.folder import write_phantoms

HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
EIGHT = {
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
}  # fmt: skip


@pytest.fixture
def listed(tmp_path):
    """Return a function that writes rows under NIH's header and gives the file."""

    def write(*rows, header=HEADER):
        path = tmp_path / BOX_LIST
        path.write_text(header + "".join(f"{row},,,\n" for row in rows), encoding="utf-8")
        return path

    return write


def are_nihs(boxes):
    assert len(boxes) == 984
    assert len(set(boxes.images)) == 880
    assert set(boxes.findings) == EIGHT
    assert (boxes.corners >= 0).all()
    assert ((boxes.corners[:, :2] + boxes.corners[:, 2:]) <= 1).all()
    # The first row of the published list.
    assert (boxes.images[0], boxes.findings[0]) == ("00013118_008.png", "Atelectasis")
    expected = np.array([225.084745762712, 547.019216763771, 86.7796610169491, 79.1864406779661]) / 1024
    np.testing.assert_allclose(boxes.corners[0], expected, rtol=1e-12)


def test_the_shipped_list_is_nihs_whole_list():
    path = shipped_table("BBox_List_2017.csv.gz")
    assert path is not None
    are_nihs(read_boxes(path))


def test_the_list_beside_real_radiographs_is_nihs_whole_list(nih):
    are_nihs(read_boxes(nih / BOX_LIST))


def test_a_phantom_folders_list_is_read(tmp_path):
    folder = write_phantoms(tmp_path / "phantoms", count=12, size=64, seed=3, workers=1)
    boxes = read_boxes(tmp_path / "phantoms" / BOX_LIST)
    assert len(boxes) == folder.boxes > 0
    assert set(boxes.images) <= {path.name for path in (tmp_path / "phantoms").rglob("*.png")}


def test_corners_are_shares_of_the_sides_and_spelling_is_ours(listed):
    boxes = read_boxes(listed("a.png,Infiltrate,0,256,512,768", "a.png,Mass,1023.5,0,1,1024.4"))
    assert list(boxes.findings) == ["Infiltration", "Mass"]
    # What hangs over by rounding is cut off.
    np.testing.assert_allclose(boxes.corners, [[0, 0.25, 0.5, 0.75], [1023.5 / 1024, 0, 0.5 / 1024, 1]])
    assert boxes.file == BOX_LIST
    assert len(boxes.sha256) == 64


def test_a_list_without_rows_has_no_boxes(listed):
    boxes = read_boxes(listed())
    assert (len(boxes), boxes.corners.shape) == (0, (0, 4))


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("a.png,Cough,1,1,5,5", "row 3 holds the unknown finding 'Cough'"),
        ("a.png,Mass,1000,1,50,5", "outside the 1024 px image: x, y, w, h = 1000, 1, 50, 5"),
        ("a.png,Mass,-2,1,50,5", "row 3 holds a box outside the 1024 px image"),
        ("a.png,Mass,1,1,0,5", "row 3 holds an empty box"),
        ("a.png,Mass,1,1,5,-4", "row 3 holds an empty box"),
        ("a.png,Mass,1024.5,1,0.4,5", "row 3 holds an empty box"),
        ("a.png,Mass,1,,5,4", "row 3 holds a box with a number missing"),
        ("a.png,Mass,1,x,5,4", "row 3 holds a box with a number missing"),
        ("a.png,Mass,1,inf,5,4", "row 3 holds a box with a number missing"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named(listed, row, named):
    path = listed("a.png,Mass,1,1,5,5", row, "a.png,Mass,1,1,5,5")
    with pytest.raises(DataError) as seen:
        read_boxes(path)
    assert named in str(seen.value)
    assert str(seen.value).startswith(str(path))
    assert seen.value.remedy


def test_a_file_that_is_no_such_list_is_named(listed, tmp_path):
    with pytest.raises(DataError, match="there is no such list of boxes"):
        read_boxes(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"has no column 'h\]'"):
        read_boxes(listed(header="Image Index,Finding Label,Bbox [x,y,w,height,,,\n"))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(HEADER.encode() * 500)[:-20])
    with pytest.raises(DataError, match="no readable CSV table"):
        read_boxes(tmp_path / "cut.csv.gz")


def test_findings_of_another_cohort_may_be_named(listed):
    boxes = read_boxes(listed("a.png,Fracture,1,1,5,5"), ("Mass", "Fracture"))
    assert list(boxes.findings) == ["Fracture"]


def cohort_of(frame):
    return CohortTable(
        frame.assign(split="test")[["image", "patient", "view", "sex", "age", "followup", "split", "Mass"]]
    )


def test_the_folders_list_comes_first_then_the_shipped_one_for_nihs_images(listed, tmp_path):
    path = shipped_table(NIH_TABLE)
    assert path is not None
    theirs = cohort_of(read_table(path).head(50))
    others = cohort_of(theirs.frame.assign(patient="x", sex="F", view="AP"))
    shipped = find_boxes(theirs)
    assert shipped is not None
    assert shipped.name == "BBox_List_2017.csv.gz"
    assert find_boxes(theirs, tmp_path) == shipped
    assert find_boxes(others, tmp_path) is None
    assert find_boxes(others) is None
    own = listed("a.png,Mass,1,1,5,5")
    assert find_boxes(theirs, tmp_path) == find_boxes(others, tmp_path) == own


def test_the_shipped_list_is_the_published_one_row_for_row(nih):
    shipped = shipped_table("BBox_List_2017.csv.gz")
    assert shipped is not None
    pd.testing.assert_frame_equal(pd.read_csv(shipped), pd.read_csv(nih / BOX_LIST))
