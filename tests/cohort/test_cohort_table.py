"""The cohort of a tiny folder, against the rows that were written into its table."""

import json
import shutil

import pandas as pd
import pyarrow.parquet as pq
import pyarrow.types
import pytest

from nih_folder import COMMON, HEADER, RARE

NIH_ORDER = [
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
]


@pytest.fixture
def make(cxrtune, tmp_path):
    def run(folder, *options) -> pd.DataFrame:
        out = tmp_path / "out" / "cohort.parquet"
        shutil.rmtree(out.parent, ignore_errors=True)
        seen = cxrtune("cohort", "--data", folder.path, "--out", out, *options)
        assert seen.code == 0, seen.err
        return pd.read_parquet(out)

    return run


def test_the_columns_and_their_types_are_those_of_the_design(nih_folder, make, tmp_path):
    make(nih_folder, "--protocol", "nih14")
    schema = pq.read_schema(tmp_path / "out" / "cohort.parquet")
    assert schema.names == ["image", "patient", "view", "sex", "age", "followup", "split", *NIH_ORDER]
    texts = ("image", "patient", "view", "sex", "split")
    for name, kind in zip(schema.names, schema.types, strict=True):
        if name in texts:
            assert pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind), name
        else:
            assert pyarrow.types.is_signed_integer(kind), name


def test_each_row_says_what_the_table_says(nih_folder, make):
    frame = make(nih_folder, "--protocol", "nih14").set_index("image")
    assert list(frame.index) == nih_folder.images
    for row in nih_folder.rows:
        found = frame.loc[row["Image Index"]]
        assert found["patient"] == row["Patient ID"]
        assert (found["view"], found["sex"]) == (row["View Position"], row["Patient Gender"])
        assert (found["age"], found["followup"]) == (int(row["Patient Age"]), int(row["Follow-up #"]))
        assert (found["split"] == "test") == (row["Image Index"] in nih_folder.test_images)
        wanted = nih_folder.labels(row["Image Index"])
        assert {f: int(found[f]) for f in NIH_ORDER} == {f: int(f in wanted) for f in NIH_ORDER}


def test_nih8_drops_every_image_with_a_rare_finding(nih_folder, make):
    frame = make(nih_folder)
    rare = [image for image in nih_folder.images if nih_folder.labels(image) & set(RARE)]
    assert len(rare) == 3
    assert list(frame["image"]) == [image for image in nih_folder.images if image not in rare]
    assert list(frame.columns[7:]) == [finding for finding in NIH_ORDER if finding in COMMON]


@pytest.mark.parametrize(
    "label",
    ["Mas", "Masses", "Pleural", "effusion", " Mass", "", "Infiltration/Mass", "No Finding|Mass", "Mass|"],
)
def test_a_label_outside_the_closed_set_is_refused_and_named(nih_folder, cxrtune, tmp_path, label):
    nih_folder.rows[5]["Finding Labels"] = label
    table = nih_folder.write_table()
    message = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "c.parquet").refused()
    stranger = next((part for part in label.split("|") if part not in NIH_ORDER), label)
    assert f"'{stranger}'" in message
    assert str(table) in message
    assert "row 7" in message  # the sixth image, below the header


def test_a_label_that_is_part_of_another_is_not_taken_for_it(nih_folder, make):
    # `Pneumo` opens two findings; `Pleural_Thickening` and `Pleural` used to be taken for one another.
    for row in nih_folder.rows:
        row["Finding Labels"] = "No Finding"
    nih_folder.rows[0]["Finding Labels"] = "Pneumothorax"
    nih_folder.rows[1]["Finding Labels"] = "Pneumonia|Effusion"
    nih_folder.write_table()
    frame = make(nih_folder, "--protocol", "nih14")[NIH_ORDER]
    assert int(frame.to_numpy().sum()) == 3
    assert frame.iloc[0]["Pneumothorax"] == frame.iloc[1]["Pneumonia"] == frame.iloc[1]["Effusion"] == 1


def _one_folder(folder):
    pass


def _numbered_folders(folder):
    for number, image in enumerate(folder.images):
        place = folder.path / f"images_{1 + number % 3:03d}" / "images"
        place.mkdir(parents=True, exist_ok=True)
        folder.file(image).rename(place / image)
    (folder.path / "images").rmdir()


def _numbered_folders_without_a_second_level(folder):
    for number, image in enumerate(folder.images):
        place = folder.path / f"images_{1 + number % 12:03d}"
        place.mkdir(exist_ok=True)
        folder.file(image).rename(place / image)
    (folder.path / "images").rmdir()


@pytest.mark.parametrize(
    "layout",
    [_one_folder, _numbered_folders, _numbered_folders_without_a_second_level],
    ids=lambda f: f.__name__,
)
def test_every_layout_of_the_images_gives_the_same_cohort(nih_folder, make, layout):
    before = make(nih_folder)
    layout(nih_folder)
    pd.testing.assert_frame_equal(make(nih_folder), before)


@pytest.mark.parametrize("name", ["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"])
@pytest.mark.parametrize("sex", ["Patient Gender", "Patient Sex"])
def test_the_table_may_have_either_releases_name_and_columns(nih_folder, make, name, sex):
    before = make(nih_folder)
    (nih_folder.path / "Data_Entry_2017_v2020.csv").unlink()
    nih_folder.write_table(name, tuple(sex if column == "Patient Gender" else column for column in HEADER))
    pd.testing.assert_frame_equal(make(nih_folder), before)


@pytest.mark.parametrize("flaw", ["byte order mark", "CRLF", "comma at each line's end"])
def test_the_table_may_have_been_through_other_programs(nih_folder, make, flaw):
    before = make(nih_folder)
    table = nih_folder.path / "Data_Entry_2017_v2020.csv"
    text = table.read_text(encoding="utf-8")
    if flaw == "byte order mark":
        table.write_text(text, encoding="utf-8-sig")
    elif flaw == "CRLF":
        table.write_bytes(text.replace("\r\n", "\n").replace("\n", "\r\n").encode())
    else:
        # NIH's first release has it, header included.
        table.write_text("".join(f"{line},\n" for line in text.splitlines()))
    pd.testing.assert_frame_equal(make(nih_folder), before)


@pytest.mark.parametrize(
    ("written", "years"),
    [("058Y", 58), ("011M", 0), ("025M", 2), ("009D", 0), ("58", 58), ("0", 0), ("412", None), ("", None)],
)
def test_ages_of_both_releases_are_whole_years_and_the_impossible_is_not_known(
    nih_folder, make, written, years
):
    nih_folder.rows[3]["Patient Age"] = written
    nih_folder.write_table()
    age = make(nih_folder)["age"].iloc[3]
    assert pd.isna(age) if years is None else age == years


def test_images_missing_on_disk_or_in_the_table_are_counted_and_left_out(nih_folder, cxrtune, tmp_path):
    gone = nih_folder.images[3], nih_folder.images[10]
    for image in gone:
        nih_folder.file(image).unlink()
    shutil.copy(nih_folder.file(nih_folder.images[0]), nih_folder.file("stranger.png"))
    out = tmp_path / "cohort.parquet"
    seen = cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", out)
    assert "2 not on disk" in seen.out
    assert "1 on disk but not in the table" in seen.out
    images = list(pd.read_parquet(out)["image"])
    assert images == [image for image in nih_folder.images if image not in gone]
    record = json.loads((tmp_path / "cohort.provenance.json").read_text())
    assert record["counts"]["not_on_disk"] == 2
    assert record["counts"]["kept"] == 38
    assert any("2 images" in note for note in record["notes"])


def test_metadata_only_needs_no_images(nih_folder, make):
    before = make(nih_folder)
    shutil.rmtree(nih_folder.path / "images")
    pd.testing.assert_frame_equal(make(nih_folder, "--metadata-only"), before)


def test_names_with_spaces_are_found_in_the_lists(nih_folder, make):
    row = nih_folder.rows[0]
    nih_folder.file(row["Image Index"]).rename(nih_folder.file("chest of 1.png"))
    row["Image Index"] = "chest of 1.png"
    nih_folder.write_table()
    nih_folder.write_lists()
    assert make(nih_folder)["image"].iloc[0] == "chest of 1.png"


def test_followup_numbers_that_are_none_are_not_known(nih_folder, make):
    for number, text in enumerate(("", "x", "1.5", "99999999")):
        nih_folder.rows[number]["Follow-up #"] = text
    nih_folder.write_table()
    assert make(nih_folder)["followup"].iloc[:4].isna().all()
