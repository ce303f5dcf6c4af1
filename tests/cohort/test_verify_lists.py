"""Split lists and boxes that do not go with the table."""

import pytest

BOXES = "BBox_List_2017.csv"
HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
OWN = "test_list.txt"


def test_one_list_of_two(nih_folder, verify):
    (nih_folder.path / OWN).unlink()
    text = verify(nih_folder.path).only("split-list", "error", OWN, "is not there, but train_val_list.txt is")
    assert "Add test_list.txt, or remove train_val_list.txt" in text


def test_no_lists_is_no_problem_and_said(nih_folder, verify):
    for name in (OWN, "train_val_list.txt"):
        (nih_folder.path / name).unlink()
    verified = verify(nih_folder.path)
    assert not verified.problems
    assert "no split lists: NIH's official test patients" in verified.seen.out


def test_a_list_that_is_no_text(nih_folder, verify):
    (nih_folder.path / OWN).write_bytes(b"\x89PNG\r\n\xff\xfe\x00")
    verify(nih_folder.path).only("split-list", "error", OWN, "is no text: it holds zero bytes")


def test_everything_that_lists_and_table_can_disagree_in(nih_folder, verify):
    train_val, test = nih_folder.train_val_images, nih_folder.test_images
    nih_folder.write_lists(
        train_val=[*train_val[1:], test[0], "stranger.png"], test=[*test, "99999999_000.png"]
    )
    whats = [problem["what"] for problem in verify(nih_folder.path).of("split-list")]
    assert whats == [
        f"{test[0]} is in both lists, expected in one",
        "stranger.png is in the list but not in the table",
        "99999999_000.png is in the list but not in the table",
        f"{train_val[0]} is in the table but in neither list",
    ]


def test_a_patient_in_both_lists_is_named_by_images_only(nih_folder, verify):
    mine = [row["Image Index"] for row in nih_folder.rows if row["Patient ID"] == "4"]
    nih_folder.write_lists(
        train_val=[*nih_folder.train_val_images, mine[0]],
        test=[image for image in nih_folder.test_images if image != mine[0]],
    )
    text = verify(nih_folder.path).only("patient-across-splits", "error", OWN, "Split by patient")
    assert f"{mine[1]} and {mine[0]} of the other list are of one patient" in text


@pytest.mark.parametrize(
    ("row", "severity", "words"),
    [
        ("{image},Mass,10,10,20,20", None, ""),
        ("{image},Infiltrate,10,10,20,20", None, ""),
        ("{image},Fracture,10,10,20,20", "error", "holds the unknown finding 'Fracture'"),
        (
            "{image},Mass,1000,10,200,20",
            "error",
            "outside the 1024 px image: x, y, w, h = 1000, 10, 200, 20",
        ),
        ("{image},Mass,10,,20,20", "error", "a number missing"),
        ("{image},Mass,10,10,0,20", "error", "holds an empty box"),
        ("stranger.png,Mass,10,10,20,20", "warning", "names stranger.png, which is not in the label table"),
    ],
)
def test_boxes(nih_folder, verify, row, severity, words):
    (nih_folder.path / BOXES).write_text(HEADER + row.format(image=nih_folder.images[0]) + ",,,\n")
    verified = verify(nih_folder.path)
    if severity is None:
        assert not verified.problems
    else:
        verified.only("box-list", severity, BOXES, "row 2", words)


def test_a_list_of_boxes_that_is_none(nih_folder, verify):
    (nih_folder.path / BOXES).write_text("Image Index,Finding Label,x,y,w,h\na.png,Mass,1,1,1,1\n")
    whats = [problem["what"] for problem in verify(nih_folder.path).of("box-list")]
    assert whats[0].startswith("has no column 'Bbox [x'")
