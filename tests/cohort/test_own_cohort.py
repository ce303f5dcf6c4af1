"""A table and a folder of one's own -> a cohort, from the command; the rows written here are the oracle."""

import json

import pandas as pd
import pytest

from own_data import known

MEANING = {"1": 1, "1.0": 1, "yes": 1, "0": 0, "no": 0, "-1": None, "": None}


def test_every_column_comes_from_the_table_by_the_map(own_data, cxrtune):
    seen = cxrtune("cohort", *own_data.options)
    assert seen.code == 0, seen.err
    assert "40 images in the table: 40 kept" in seen.out
    assert "20 patients; 2 findings" in seen.out
    assert "the tables give no test and no validation part: made here, of whole patients" in seen.out
    assert "8 uncertain labels are taken for not known" in seen.out
    frame = own_data.read()
    columns = ["patient", "view", "sex", "age", "followup", "split", "Effusion", "Fracture"]
    assert list(frame.columns) == columns
    rows = {row["File"]: row for row in own_data.rows}
    assert list(frame.index) == list(rows)
    for image, row in rows.items():
        found = frame.loc[image]
        assert (found["patient"], found["age"]) == (row["Patient"], int(row["Age"]))
        assert found["sex"] == row["Sex"].upper()
        assert known([found["Effusion"], found["Fracture"]]) == [
            MEANING[row["Pleural effusion"]],
            MEANING[row["Rib fracture"]],
        ]
        assert (None if pd.isna(found["view"]) else found["view"]) == {"PA": "PA", "AP": "AP"}.get(
            row["View"]
        )
    assert frame["split"].value_counts().to_dict() == {"train": 26, "test": 8, "validation": 6}
    assert (frame.groupby("patient")["split"].nunique() == 1).all()
    record = json.loads((own_data.path / "cohort.provenance.json").read_text())
    assert record["counts"]["kept"] == 40
    assert "kept" in cxrtune("cohort", *own_data.options).out


@pytest.mark.parametrize(("taken", "value"), [("positive", 1), ("negative", 0), ("unknown", None)])
def test_uncertain_labels_are_taken_for_what_the_user_says(own_data, cxrtune, taken, value):
    assert cxrtune("cohort", *own_data.options, "--uncertain", taken).code == 0
    uncertain = [row["File"] for row in own_data.rows if row["Pleural effusion"] == "-1"]
    assert set(known(own_data.read().loc[uncertain, "Effusion"])) == {value}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Windows line ends", {"lineterminator": "\r\n"}),
        ("semicolons", {"delimiter": ";"}),
        ("tabulators", {"delimiter": "\t"}),
        ("bars", {"delimiter": "|"}),
        ("quotes everywhere", {"quoting": 1}),
    ],
)
def test_a_table_may_be_written_in_any_usual_way(own_data, cxrtune, name, change):
    assert cxrtune("cohort", *own_data.options).code == 0
    plain = own_data.read()
    own_data.format |= change
    own_data.encoding = "utf-8-sig"  # Excel's mark at the beginning
    own_data.rows = [{f" {key.upper()}": value for key, value in row.items()} for row in own_data.rows]
    seen = cxrtune("cohort", *own_data.options)
    assert seen.code == 0, (name, seen.err)
    pd.testing.assert_frame_equal(own_data.read(), plain)


def test_images_are_found_by_path_by_name_and_without_suffix_and_in_either_form_of_accents(own_data, cxrtune):
    for number, row in enumerate(own_data.rows):
        name = row["File"].split("/")[-1]
        shortened = (row["File"], name, name.rsplit(".", 1)[0], name.replace("ë", "e\u0308"))
        row["File"] = shortened[number % 4]
    expected = sorted(path.relative_to(own_data.path / "images").as_posix()
                      for path in (own_data.path / "images").rglob("*.*"))  # fmt: skip
    assert cxrtune("cohort", *own_data.options).code == 0
    assert sorted(own_data.read().index) == expected


def test_what_is_left_out_is_counted(own_data, cxrtune):
    own_data.map += "keep: {View: [pa, ap]}\n"
    gone = own_data.path / "images" / own_data.rows[0]["File"]
    gone.unlink()
    (own_data.path / "images" / "stray.png").write_bytes(b"")
    seen = cxrtune("cohort", *own_data.options)
    left_out = sum(row["View"] == "unknown" for row in own_data.rows)
    assert f"40 images in the table, {left_out} excluded by the map, 1 not on disk and left out" in seen.out
    assert f"{40 - left_out - 1} kept" in seen.out
    assert "warning: cohort: 1 images of the table are not on disk and were left out" in seen.err
    assert (
        f"warning: cohort: {left_out + 1} images on disk are not in the cohort and were not used" in seen.err
    )


def test_links_out_of_the_folder_are_followed_and_told_and_linked_folders_are_not_searched(
    own_data, cxrtune, tmp_path
):
    first = own_data.path / "images" / own_data.rows[1]["File"]
    first.rename(tmp_path / "elsewhere.png")
    first.symlink_to(tmp_path / "elsewhere.png")
    (own_data.path / "images" / "ring").symlink_to(own_data.path / "images", target_is_directory=True)
    seen = cxrtune("cohort", *own_data.options)
    assert "40 kept" in seen.out
    assert "warning: cohort: 1 images are links to files outside" in seen.err
    assert "warning: cohort: 1 folders are links and were not searched" in seen.err


def test_a_pattern_gives_the_patient_and_a_given_split_is_kept(own_data, cxrtune):
    own_data.map = own_data.map.replace("{column: Patient}", r"{pattern: '(\d\d)\d\.'}")
    own_data.map += "split: {column: Part, values: {dev: train, held out: test}}\n"
    for number, row in enumerate(own_data.rows):
        row["Part"] = "held out" if number >= 30 else "dev"
    seen = cxrtune("cohort", *own_data.options)
    assert "the tables give no validation part" in seen.out
    frame = own_data.read()
    assert set(frame["patient"]) == {"00", "01", "02", "03"}
    assert frame["split"].value_counts().to_dict() == {"train": 20, "validation": 10, "test": 10}
    assert set(frame.loc[frame["split"] == "test", "patient"]) == {"03"}


def test_without_patients_the_user_must_say_so_and_is_warned(own_data, cxrtune):
    own_data.map = own_data.map.replace("{column: Patient}", "{none: true}")
    seen = cxrtune("cohort", *own_data.options)
    assert "40 patients" in seen.out
    assert "the split may part images of one person" in seen.err


def test_metadata_only_takes_every_row(own_data, cxrtune):
    for path in list((own_data.path / "images").rglob("*.*")):
        path.unlink()
    assert "40 kept" in cxrtune("cohort", *own_data.options, "--metadata-only").out


def test_readings_of_several_readers_are_joined_by_majority(own_data, cxrtune):
    own_data.map += "majority: true\n"
    first = own_data.rows[0]["File"]
    readings = {"Pleural effusion": ("1", "1", "0"), "Rib fracture": ("yes", "", "no")}
    rows = [dict(own_data.rows[0]) for _ in range(3)]
    for column, values in readings.items():
        for row, value in zip(rows, values, strict=True):
            row[column] = value
    own_data.rows = [*rows, *own_data.rows[1:]]
    seen = cxrtune("cohort", *own_data.options, "--uncertain", "negative")
    assert "40 images in the table: 40 kept" in seen.out
    # Two of three say present; one says present, one absent, one nothing: that is uncertain.
    assert known(own_data.read().loc[first, ["Effusion", "Fracture"]]) == [1, 0]
