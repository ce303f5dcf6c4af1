"""Copies of NIH's data set as other hosts lay them out, and tables that beg to be overlooked."""

import shutil

import pandas as pd
import pytest

from cxrtune.cohort.folder import find_table
from cxrtune.errors import DataError
from nih_folder import HEADER

OWN = "Data_Entry_2017_v2020.csv"
SAMPLE = (*HEADER[:7], "OriginalImageWidth", "OriginalImageHeight", "OriginalImagePixelSpacing_x", "_y")


@pytest.fixture
def make(cxrtune, nih_folder, tmp_path):
    """Return a function that makes the cohort of the tiny folder."""

    def run(*options):
        out = tmp_path / "out" / "cohort.parquet"
        shutil.rmtree(out.parent, ignore_errors=True)
        seen = cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", out, *options)
        return seen, pd.read_parquet(out) if out.exists() else None

    return run


def without_lists(folder):
    for name in ("train_val_list.txt", "test_list.txt"):
        (folder.path / name).unlink()


# Tables


def test_kaggles_sample_is_read_by_its_own_table(nih_folder, make, verify):
    _, before = make()
    (nih_folder.path / OWN).unlink()
    for row in nih_folder.rows:
        row["Patient Age"] = f"{int(row['Patient Age']):03}Y"
    nih_folder.rows[0]["Finding Labels"] = "Hernia"  # corrected by somebody
    nih_folder.write_table("sample_labels.csv", SAMPLE)
    seen, frame = make()
    assert not seen.err
    assert frame["Hernia"].iloc[0] == 1
    pd.testing.assert_frame_equal(frame.iloc[1:], before.iloc[1:])
    assert "table: sample_labels.csv" in verify(nih_folder.path).seen.out


def test_a_table_of_another_name_is_used_and_that_is_said(nih_folder, make):
    nih_folder.rows[0]["Finding Labels"] = "Hernia"
    nih_folder.write_table("corrected labels.csv")
    (nih_folder.path / OWN).unlink()
    seen, frame = make()
    assert frame["Hernia"].iloc[0] == 1
    assert "corrected labels.csv is read as the label table, as it has NIH's columns" in seen.err


def test_a_second_table_is_told_and_not_read(nih_folder, make, verify):
    nih_folder.rows[0]["Finding Labels"] = "Hernia"
    nih_folder.write_table("corrected.csv")
    seen, frame = make()
    assert frame["Hernia"].iloc[0] == 0
    assert "corrected.csv has NIH's columns too and is not read" in seen.err
    text = verify(nih_folder.path).only("table-release", "warning", "corrected.csv", f"cxrtune reads {OWN}")
    assert "the labels of 1 images differ" in text
    (nih_folder.path / OWN).rename(nih_folder.path / "original.csv")
    assert "holds 2 tables with NIH's columns, corrected.csv, original.csv" in make()[0].refused()


def test_that_the_shipped_table_stands_in_is_said(nih_folder, make):
    (nih_folder.path / OWN).unlink()
    without_lists(nih_folder)
    (nih_folder.path / "notes.csv").write_text("Image Index,Finding Labels\n")
    seen, _ = make()
    assert "there is no label table in the folder: torchxrayvision's copy of NIH's is read" in seen.err
    with pytest.raises(DataError, match="there is no such data folder"):
        find_table(nih_folder.path / "nowhere")


@pytest.mark.parametrize(
    "flaw",
    [
        *("semicolons", "sep=", "tabs", "UTF-16", "xz", "case of the columns"),
        *("patients with zeros", "patients as floats"),
    ],
)
def test_the_table_may_have_been_through_other_programs(nih_folder, make, flaw):
    _, before = make()
    table = nih_folder.path / OWN
    text = table.read_text(encoding="utf-8")
    if flaw in ("semicolons", "sep=", "tabs"):
        separator = "\t" if flaw == "tabs" else ";"
        table.write_text(("sep=;\n" if flaw == "sep=" else "") + text.replace(",", separator))
    elif flaw == "UTF-16":
        table.write_bytes(text.encode("utf-16"))
    elif flaw == "case of the columns":
        nih_folder.write_table(header=tuple(name.upper() for name in HEADER))
    elif flaw == "xz":
        import lzma

        table.write_bytes(lzma.compress(text.encode()))
    else:
        for row in nih_folder.rows:
            row["Patient ID"] += ".0" if flaw.endswith("floats") else ""
            row["Patient ID"] = (
                row["Patient ID"] if flaw.endswith("floats") else f"{int(row['Patient ID']):08}"
            )
        nih_folder.write_table()
    seen, frame = make()
    pd.testing.assert_frame_equal(frame, before)
    told = "the patients of 40 images, that of 00000001_000.png for one, are not written as NIH writes them"
    assert (told in seen.err) == flaw.startswith("patients")


def test_what_the_table_does_not_tell_is_told(nih_folder, make):
    rows = nih_folder.rows
    rows[2]["Patient Gender"], rows[3]["View Position"], rows[4]["View Position"] = "X", "LL", ""
    rows[5]["Patient Age"], rows[6]["Follow-up #"], rows[7]["Follow-up #"] = "412", "first", "3.0"
    nih_folder.write_table()
    seen, frame = make()
    assert frame.loc[[2, 3, 4], ["sex", "view"]].isna().to_numpy().tolist() == [
        [True, False],
        [False, True],
        [False, True],
    ]
    assert frame["followup"].iloc[7] == 3
    for told in (
        "1 views are not read and taken as not known, 'LL' in row 5 for one",
        "1 sexes are not read and taken as not known, 'X' in row 4 for one",
        "1 ages are not read and taken as not known, '412' in row 7 for one",
        "1 follow-up numbers are not read and taken as not known, 'first' in row 8 for one",
    ):
        assert told in seen.err


@pytest.mark.parametrize(("column", "what"), [("Image Index", "image"), ("Patient ID", "patient")])
def test_a_row_without_an_image_or_a_patient_is_named(nih_folder, make, column, what):
    nih_folder.rows[3][column] = " "
    nih_folder.write_table()
    assert f"row 5 names no {what}" in make()[0].refused()


# Folders and lists


def kaggles(folder, layout="images-224/images-224"):
    place = folder.path / layout
    place.parent.mkdir(parents=True, exist_ok=True)
    (folder.path / "images").rename(folder.path / "moved")
    (folder.path / "moved").rename(place)
    for name in ("train_val_list", "test_list"):
        (folder.path / f"{name}.txt").rename(folder.path / f"{name}_NIH.txt")


@pytest.mark.parametrize("layout", ["images-224/images-224", "images-224", "images_224"])
def test_kaggles_copy_of_224_px_is_read_with_its_lists(nih_folder, make, verify, layout):
    _, before = make()
    kaggles(nih_folder, layout)
    seen, frame = make()
    assert not seen.err
    pd.testing.assert_frame_equal(frame, before)
    verified = verify(nih_folder.path)
    assert not verified.of("missing-image")
    assert not verified.of("table")
    assert "split: own split lists, 30 and 10 images" in verified.seen.out


def test_copies_of_nihs_lists_that_cannot_be_used_leave_the_split_to_nihs_patients(nih_folder, make, verify):
    without_lists(nih_folder)
    _, before = make()
    nih_folder.write_lists(train_val=nih_folder.images[:26], test=nih_folder.images[26:])
    for name in ("train_val_list", "test_list"):
        (nih_folder.path / f"{name}.txt").rename(nih_folder.path / f"{name}_NIH.txt")
    seen, frame = make()
    pd.testing.assert_frame_equal(frame, before)
    assert "train_val_list_NIH.txt, test_list_NIH.txt are not used, as 1 patients are in both" in seen.err
    verified = verify(nih_folder.path)
    assert {problem["severity"] for problem in verified.problems} == {"warning"}
    (nih_folder.path / "test_list_NIH.txt").unlink()
    seen, frame = make()
    pd.testing.assert_frame_equal(frame, before)
    assert "train_val_list_NIH.txt is not used, as the other list is not there" in seen.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "latin-1"])
def test_split_lists_are_read_in_every_encoding(nih_folder, make, encoding):
    row = nih_folder.rows[0]
    nih_folder.file(row["Image Index"]).rename(nih_folder.file("Röntgen.png"))
    row["Image Index"] = "Röntgen.png"
    nih_folder.write_table()
    nih_folder.write_lists()
    _, before = make()
    path = nih_folder.path / "train_val_list.txt"
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    seen, frame = make()
    pd.testing.assert_frame_equal(frame, before)
    assert ("train_val_list.txt is not UTF-8 text" in seen.err) == (encoding == "latin-1")
