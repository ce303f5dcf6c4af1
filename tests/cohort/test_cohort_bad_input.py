"""Data folders that cannot be meant: each gives one error that names the file and the way out."""

import os
import shutil
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import files_below
from cxrtune.cohort.table import read_cohort
from cxrtune.errors import DataError


def _no_folder(folder):
    shutil.rmtree(folder.path)


def _no_images(folder):
    shutil.rmtree(folder.path / "images")


def _other_images_only(folder):
    for number, image in enumerate(folder.images):
        folder.file(image).rename(folder.path / "images" / f"other{number}.png")


def _duplicate_rows(folder):
    folder.rows.append(folder.rows[4])
    folder.write_table()


def _same_name_in_two_folders(folder):
    (folder.path / "images_002" / "images").mkdir(parents=True)
    image = folder.images[2]
    shutil.copy(folder.file(image), folder.path / "images_002" / "images" / image)


def _patient_on_both_sides(folder):
    first = next(row for row in folder.rows if row["Patient ID"] == "4")["Image Index"]
    folder.write_lists(
        train_val=[*folder.train_val_images, first], test=[i for i in folder.test_images if i != first]
    )


def _image_in_both_lists(folder):
    folder.write_lists(train_val=[*folder.train_val_images, folder.test_images[0]])


def _list_names_a_stranger(folder):
    folder.write_lists(test=[*folder.test_images, "99999999_000.png"])


def _list_lacks_an_image(folder):
    folder.write_lists(train_val=folder.train_val_images[1:])


def _one_list_only(folder):
    (folder.path / "test_list.txt").unlink()


def _list_is_binary(folder):
    (folder.path / "test_list.txt").write_bytes(b"\x89PNG\r\n\xff\xfe\x00")


def _table_lacks_a_column(folder):
    table = folder.write_table()
    table.write_text(table.read_text().replace("Finding Labels", "Diagnosis"))


def _table_is_empty(folder):
    (folder.path / "Data_Entry_2017_v2020.csv").write_bytes(b"")


def _table_is_binary(folder):
    (folder.path / "Data_Entry_2017_v2020.csv").write_bytes(folder.file(folder.images[0]).read_bytes())


def _table_is_ragged(folder):
    table = folder.write_table()
    table.write_text(table.read_text() + 'a,"b\n')


def _no_test_images(folder):
    folder.write_lists(train_val=folder.images, test=[])


CASES = {
    _no_folder: ["nih", "no such data folder", "--data"],
    _no_images: ["nih", "no images", "--metadata-only"],
    _other_images_only: ["37 not on disk", "0 kept"],
    _duplicate_rows: ["Data_Entry_2017_v2020.csv", "00000003_000.png", "more than once"],
    _same_name_in_two_folders: ["00000002_000.png", "images_002", "Keep one"],
    _patient_on_both_sides: ["nih", "00000004_", "both split lists"],
    _image_in_both_lists: ["00000004_000.png", "both split lists"],
    _list_names_a_stranger: ["99999999_000.png", "not in the table", "remove both lists"],
    _list_lacks_an_image: ["00000001_000.png", "neither split list", "remove both lists"],
    _one_list_only: ["train_val_list.txt", "test_list.txt"],
    _list_is_binary: ["test_list.txt", "remove both lists"],
    _table_lacks_a_column: ["Data_Entry_2017_v2020.csv", "'Finding Labels'"],
    _table_is_empty: ["Data_Entry_2017_v2020.csv"],
    _table_is_binary: ["Data_Entry_2017_v2020.csv"],
    _table_is_ragged: ["Data_Entry_2017_v2020.csv"],
    _no_test_images: ["no test images"],
}


@pytest.mark.parametrize(("spoil", "named"), CASES.items(), ids=lambda case: getattr(case, "__name__", ""))
def test_a_spoilt_folder_is_refused_in_two_lines_and_nothing_is_written(
    nih_folder, cxrtune, tmp_path, spoil, named
):
    spoil(nih_folder)
    message = cxrtune(
        "cohort", "--data", nih_folder.path, "--out", tmp_path / "out" / "cohort.parquet"
    ).refused()
    for text in named:
        assert text in message
    out = tmp_path / "out"
    assert not out.exists() or not files_below(out)


def test_a_folder_without_table_is_read_with_the_shipped_one(nih_folder, cxrtune, tmp_path):
    # The table that torchxrayvision ships knows the names of the tiny folder: they are NIH's own.
    (nih_folder.path / "Data_Entry_2017_v2020.csv").unlink()
    for name in ("train_val_list.txt", "test_list.txt"):
        (nih_folder.path / name).unlink()
    out = tmp_path / "cohort.parquet"
    seen = cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", out)
    assert seen.code == 0, seen.err
    assert "112,120 images in the table" in seen.out
    assert set(pd.read_parquet(out)["image"]) <= set(nih_folder.images)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems allow no such name")
def test_a_stray_file_whose_name_is_no_text_does_not_stop_the_cohort(nih_folder, cxrtune, tmp_path):
    (nih_folder.path / "images" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    seen = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "c.parquet")
    assert seen.code == 0, seen.err
    assert "1 on disk but not in the table" in seen.out


def test_an_unknown_protocol_is_wrong_use(nih_folder, cxrtune, tmp_path):
    out = tmp_path / "c.parquet"
    message = cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih9", "--out", out).refused(code=2)
    assert "'nih9'" in message
    assert "nih8, nih14" in message


@pytest.mark.parametrize("out", ["cohort", "cohort.csv", "cohort.v1"])
def test_a_cohort_under_another_suffix_is_wrong_use(nih_folder, cxrtune, tmp_path, out):
    message = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / out).refused(code=2)
    assert ".parquet" in message
    assert files_below(tmp_path) == {f"nih/{name}" for name in files_below(nih_folder.path)}


def test_a_link_to_nowhere_among_the_images_does_not_stop_the_cohort(nih_folder, cxrtune, tmp_path):
    # A download to another disk that was unplugged: the name is there, the file is not.
    image = nih_folder.file(nih_folder.images[0])
    image.unlink()
    image.symlink_to(tmp_path / "unplugged" / image.name)
    seen = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "c.parquet")
    assert seen.code == 0, seen.err
    assert "1 not on disk" in seen.out


def test_a_cohort_whose_notes_on_types_are_damaged_is_no_cohort(tmp_path):
    table = pa.table({"image": ["a.png"]}).replace_schema_metadata({b"pandas": b'{"columns": [{}]}'})
    pq.write_table(table, tmp_path / "c.parquet")
    with pytest.raises(DataError, match="is no cohort table"):
        read_cohort(tmp_path / "c.parquet")


@pytest.mark.parametrize("nobody", [None, "", "None", " nan "])
def test_a_cohort_whose_rows_name_no_patient_is_refused(nih_folder, cxrtune, tmp_path, nobody):
    file = tmp_path / "c.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--out", file).code == 0
    frame = pd.read_parquet(file)
    frame.loc[3:5, "patient"] = nobody
    frame.to_parquet(file, index=False)
    with pytest.raises(DataError, match=rf"3 of {len(frame)} rows name no patient, row 3 for one"):
        read_cohort(file)


@pytest.mark.parametrize(
    "name", ["._00000001_000.png", ".DS_Store", "Thumbs.db", "DICOMDIR", "README", "a.png.part"]
)
def test_what_other_programs_leave_among_the_images_is_not_counted(nih_folder, cxrtune, tmp_path, name):
    whole = nih_folder.file(nih_folder.images[0]).read_bytes()
    nih_folder.file(name).write_bytes(whole if ".png" in name else b"x")
    seen = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "c.parquet")
    assert seen.code == 0, seen.err
    assert "on disk but not in the table" not in seen.out + seen.err
