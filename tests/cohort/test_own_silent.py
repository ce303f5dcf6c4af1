"""What does not match, is not read or is made equal in somebody's tables: counted and told, or an error."""

import json
import os
import re
import sys

import pandas as pd
import pytest
from PIL import Image

from nih_folder import image_of
from own_data import known

MAP = """\
title: T
image: image
patient: {column: patient}
view: {column: view, values: {PA: PA, AP: AP}}
sex: {column: sex, values: {M: M, F: F}}
age: {column: age}
findings: [Effusion, Fracture]
"""
COLUMNS = ("image", "patient", "view", "sex", "age", "Effusion", "Fracture")


def rows_of(count, **changes):
    """Rows of a table; a change is a function of the row's number."""
    plain = {
        "image": lambda n: f"P{n // 2:03}_{n % 2}.png",
        "patient": lambda n: f"P{n // 2:03}",
        "view": lambda _: "PA",
        "sex": lambda n: "MF"[n % 2],
        "age": lambda n: str(30 + n),
        "Effusion": lambda n: str(int(n % 3 == 0)),
        "Fracture": lambda n: str(int(n % 4 == 0)),
    }
    return [{name: make(n) for name, make in (plain | changes).items()} for n in range(count)]


def text_of(rows, separator=","):
    lines = [separator.join(rows[0]), *(separator.join(row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def make(cxrtune, tmp_path):
    """Make the cohort of tables, without images; each table is a text, or the bytes of one."""

    def run(*tables, map=MAP, options=("--metadata-only",)):
        given = []
        for number, table in enumerate(tables):
            path = tmp_path / f"{'abc'[number]}.csv"
            path.write_bytes(table if isinstance(table, bytes) else table.encode())
            given += ["--csv", path]
        (tmp_path / "map.yaml").write_bytes(map if isinstance(map, bytes) else map.encode())
        out = tmp_path / "cohort.parquet"
        out.unlink(missing_ok=True)
        seen = cxrtune(
            "cohort", *given, "--images", tmp_path, "--map", tmp_path / "map.yaml", "--out", out, *options
        )
        return seen, pd.read_parquet(out).set_index("image") if out.exists() else None

    return run


# People


def test_one_person_in_two_exports_is_one_patient(make, tmp_path):
    first = text_of(rows_of(12, image=lambda n: f"{n}_0.png", patient=lambda n: f"{n + 1:03}"))
    second = text_of(rows_of(12, image=lambda n: f"{n}_1.png", patient=lambda n: f"{n + 1}.0"))
    seen, frame = make(first, second)
    assert "12 patients" in seen.out
    told = "12 patients are written in more than one way (with zeros, '.0', blanks, or in another case)"
    assert f"warning: cohort: {told}, that of 0_0.png and 0_1.png for one" in seen.err
    assert "say exact: true under patient" in seen.err
    for number in range(12):
        assert frame.loc[f"{number}_0.png", "split"] == frame.loc[f"{number}_1.png", "split"]
        assert frame.loc[f"{number}_0.png", "patient"] == f"{number + 1:03}"
    assert any(
        told in note for note in json.loads((tmp_path / "cohort.provenance.json").read_text())["notes"]
    )


def test_whoever_says_that_they_are_several_people_is_believed(make):
    table = text_of(rows_of(24, patient=lambda n: f"{n // 2 + 1:0{1 + 2 * (n % 2)}}"))
    assert "12 patients" in make(table)[0].out
    seen, _ = make(table, map=MAP.replace("column: patient", "column: patient, exact: true"))
    assert "24 patients" in seen.out
    assert "more than one way" not in seen.err


def test_a_split_that_parts_one_person_under_two_identifiers_is_refused(make):
    rows = rows_of(24, patient=lambda n: f"{n // 2:03}" if n % 2 else f"{n // 2}")
    for number, row in enumerate(rows):
        row["part"] = "train" if number % 2 else "test"
    seen, _ = make(text_of(rows), map=MAP + "split: {column: part, values: {train: train, test: test}}\n")
    assert "12 patients are in more than one part of the split, with P000_0.png for one" in seen.refused()


# Several rows per image

READINGS = """\
image_id,class_name,rad_id
a,Cardiomegaly,R1
a,Cardiomegaly,R1
a,Effusion,R1
a,Effusion,R2
a,No finding,R3
b,Effusion,R1
b,Cardiomegaly,R1
b,Cardiomegaly,R2
b,Cardiomegaly,R3
b,Cardiomegaly,R3
"""
LONG = """\
image: image_id
patient: {none: true}
labels:
  column: class_name
  labels: {Cardiomegaly: [Cardiomegaly], Effusion: [Effusion]}
"""


def long_table():
    """Two images with three readers each, ten times."""
    head, *rows = READINGS.splitlines()
    return "\n".join([head, *(f"{copy}{row}" for copy in range(10) for row in rows)])


def test_the_majority_is_one_of_readers_and_not_of_boxes(make):
    seen, frame = make(long_table(), map=LONG + "reader: rad_id\n")
    # Of a three readers say: both, effusion, nothing. Of b: both, cardiomegaly, cardiomegaly.
    assert known(frame.loc["0a", ["Cardiomegaly", "Effusion"]]) == [0, 1]
    assert known(frame.loc["0b", ["Cardiomegaly", "Effusion"]]) == [1, 0]
    assert "100 rows of 20 images are joined by the majority of the readers" in seen.out


def test_boxes_without_readers_are_put_together(make):
    seen, frame = make(long_table(), map=LONG + "boxes: true\n")
    assert known(frame.loc["0a", ["Cardiomegaly", "Effusion"]]) == [1, 1]
    assert "100 rows of 20 images are put together" in seen.out
    one_hot = "image,Effusion,Fracture\n" + "".join(f"{n},1,0\n{n},0,-1\n{n},,0\n" for n in range(10))
    map = "image: image\npatient: {none: true}\nfindings: [Effusion, Fracture]\nboxes: true\n"
    _, frame = make(one_hot, map=map)
    assert set(known(frame["Effusion"])) == {1}
    assert set(known(frame["Fracture"])) == {None}  # uncertain


def test_a_majority_over_rows_that_are_no_readings_is_refused(make):
    text = make(long_table(), map=LONG + "majority: true\n")[0].refused(2)
    assert "majority: true needs reader: the column that names the reader" in text
    text = make(long_table(), map=LONG)[0].refused()
    assert "names 80 images more than once, 0a for one" in text
    assert "boxes: true (a box or a finding), reader: COLUMN" in text
    text = make(long_table(), map=LONG + "reader: rad_id\nboxes: true\n")[0].refused(2)
    assert "for a majority leave it out" in text


def test_rows_of_one_image_must_agree_on_the_patient_and_name_a_reader(make):
    table = re.sub(r"(?m)^(\d)(.*),R", r"\1\2,p\1,R", long_table()).replace("_name,", "_name,who,")
    map = LONG.replace("{none: true}", "{column: who}") + "reader: rad_id\n"
    assert make(table, map=map)[0].code == 0
    text = make(table.replace("4a,No finding,p4", "4a,No finding,q"), map=map)[0].refused()
    assert "the rows of 4a name several patients" in text
    text = make(long_table().replace("0a,No finding,R3", "0a,No finding, "), map=LONG + "reader: rad_id\n")
    assert "row 6 names no reader in column 'rad_id'" in text[0].refused()


def test_the_shipped_map_of_vinbigdata_reads_its_long_table(make):
    head = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max"
    rows = []
    for image in range(20):
        for reader in ("R8", "R9", "R10"):
            sick = image % 2 == 0 and reader != "R10"
            rows += [f"{image:032x},Cardiomegaly,3,{reader},1,2,3,4"] * 2 if sick else []
            rows += [f"{image:032x},Pleural effusion,10,{reader},1,2,3,4"] if reader == "R8" else []
            rows += [] if sick or reader == "R8" else [f"{image:032x},No finding,14,{reader},,,,"]
    seen, frame = make("\n".join([head, *rows]), options=("--metadata-only", "--map", "vinbigdata"))
    assert len(frame.columns) == 6 + 14
    assert known(frame["Cardiomegaly"]) == [1, 0] * 10
    assert known(frame["Effusion"]) == [0] * 20
    assert "labels that the map does not name" not in seen.err


# Placeholders and words


def test_what_says_nothing_is_not_known_and_what_is_not_named_is_told(make):
    cells = [
        "Mass",
        "unchanged",
        "Unchanged, Mass",
        "nan",
        "",
        "[]",
        "[ '' ]",
        "normal",
        "COPD, Mass",
        "COPD",
    ]
    map = """\
image: image
patient: {none: true}
labels:
  column: labels
  separator: ","
  strip: "[]' "
  rest_unknown: [unchanged]
  labels: {Mass: [mass], Hernia: [hiatal hernia]}
"""
    rows = [{"image": f"{n}.png", "labels": f'"{cell}"'} for n, cell in enumerate(cells)]
    seen, frame = make(text_of(rows), map=map)
    assert known(frame["Mass"]) == [1, None, 1, None, None, None, None, 0, 1, 0]
    assert known(frame["Hernia"]) == [0, None, None, None, None, None, None, 0, 0, 0]
    assert (
        "1 labels that the map does not name are taken for none of its findings, 'copd' of 2 rows" in seen.err
    )
    assert "no row has a label that means Hernia: no image has it" in seen.err


def test_labels_are_compared_as_numbers_and_words_without_case(make):
    ways = [
        "1",
        "1.0",
        "1,0",
        "1.000000",
        "YES",
        "True",
        "0",
        "0,0",
        "-0.0",
        "no",
        "-1",
        "-1,0",
        "N/A",
        "None",
    ]
    rows = [{"image": f"{n}.png", "Effusion": f'"{way}"'} for n, way in enumerate(ways)]
    _, frame = make(text_of(rows), map="image: image\npatient: {none: true}\nfindings: [Effusion]\n")
    assert known(frame["Effusion"]) == [1] * 6 + [0] * 4 + [None] * 4


def test_a_label_of_20000_characters_is_shown_by_its_beginning(make):
    rows = rows_of(24)
    rows[3]["Effusion"] = " ".join(str(n) for n in range(4_000))
    text = make(text_of(rows))[0].refused()
    assert "column 'Effusion' holds '0 1 2 3 4" in text
    assert "...' (18,889 characters) in row 5, which the map does not know" in text
    assert len(text) < 500


def test_views_sexes_ages_and_rows_that_are_not_taken_are_told(make):
    rows = rows_of(
        24,
        view=lambda n: ("pa", " AP ", "LL", "")[n % 4],
        sex=lambda n: ("m", "F", "O", "nan")[n % 4],
        age=lambda n: ("058Y", '"58,5"', "90+", "412", "")[n % 5],
    )
    seen, frame = make(text_of(rows), map=MAP + "followup: Effusion\n")
    assert [None if pd.isna(v) else v for v in frame["view"][:4]] == ["PA", "AP", None, None]
    assert [None if pd.isna(v) else v for v in frame["sex"][:4]] == ["M", "F", None, None]
    assert known(frame["age"][:5]) == [58, 58, None, None, None]
    assert "6 views are not read and taken as not known, 'LL' in row 4 for one" in seen.err
    assert "6 sexes are not read and taken as not known, 'O' in row 4 for one" in seen.err
    assert "10 ages are not read and taken as not known, '90+' in row 4 for one" in seen.err
    seen, frame = make(text_of(rows), map=MAP + "keep: {view: [PA, ap]}\n")
    assert len(frame) == 12
    assert "12 rows are left out by view, row 4 with 'LL' for one" in seen.err


def test_dates_give_ages_in_any_usual_form_and_those_that_do_not_are_told_without_their_digits(make):
    born = lambda n: ("19500131", "31/01/1950", "1950-01-31", "1950.0", "31/01/50")[n % 5]  # noqa: E731
    rows = rows_of(25, view=born, sex=lambda _: "2010-05-06", patient=lambda n: f"{n}")
    map = MAP.replace("view: {column: view, values: {PA: PA, AP: AP}}\n", "").replace(
        "sex: {column: sex, values: {M: M, F: F}}\n", ""
    ).replace("{column: age}", "{born: view, on: sex}")  # fmt: skip
    seen, frame = make(text_of(rows), map=map)
    assert known(frame["age"][:5]) == [60, 60, 60, 60, None]
    assert "5 dates of birth are not read and taken as not known, '99/99/99' in row 6 for one" in seen.err


def test_a_map_whose_words_lead_nowhere_is_refused(make):
    text = make(text_of(rows_of(4)), map=MAP.replace("{M: M, F: F}", "{M: male, F: female}"))[0].refused(2)
    assert "no value of sex means M or F" in text


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ("[quality, Effusion]", "'quality' cannot be the name of a finding"),
        ("[Effusion, effusion]", "the findings 'Effusion' and 'effusion' cannot be told apart"),
        ("{Lung Opacity: Effusion, Lung_Opacity: Fracture}", "cannot be told apart"),
        ("[Épanchement]", "names of findings are written in ASCII letters"),
    ],
)
def test_findings_that_cannot_be_told_apart_are_refused_in_the_map(make, findings, said):
    text = make(text_of(rows_of(4)), map=MAP.replace("[Effusion, Fracture]", findings))[0].refused(2)
    assert said in text


# Joins

META = "image,patient,study\n" + "".join(f"{n}.png,{n // 2},{n:03}\n" for n in range(24))
JOIN = """\
tables: columns
join: [study]
image: image
patient: {column: patient}
findings: [Effusion]
"""


def test_rows_without_a_partner_are_counted_and_told(make):
    labels = "study,Effusion\n" + "".join(f"{n}.0,{n % 2}\n" for n in range(3, 30))
    seen, frame = make(META, labels, map=JOIN)
    assert known(frame["Effusion"]) == [None] * 3 + [n % 2 for n in range(3, 24)]
    assert "3 rows, row 2 for one, have no partner in b.csv: its columns are empty there" in seen.err
    assert "6 rows of b.csv, row 23 for one, have no partner in the tables before it" in seen.err


def test_a_join_that_matches_nothing_stops(make):
    text = make(META, "study,Effusion\nx1,1\nx2,0\n", map=JOIN)[0].refused()
    assert "b.csv: has no row with the study of any row of the tables before it" in text


# Files


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("line", ["", "sep=;\n"])
def test_tables_and_maps_are_read_in_every_encoding(make, encoding, line):
    rows = rows_of(24, patient=lambda n: f"Zoë{n // 2}")
    map = MAP.replace("title: T", "title: Größe")
    seen, frame = make((line + text_of(rows, ";")).encode(encoding), map=map.encode(encoding))
    assert seen.code == 0, seen.err
    assert frame["patient"].iloc[0] == "Zoë0"
    assert ("a.csv is not UTF-8 text" in seen.err) == (encoding == "latin-1")
    assert ("map.yaml is not UTF-8 text: line 1 read as Windows-1252" in seen.err) == (encoding == "latin-1")


def test_rows_of_several_tables_are_named_with_their_table(make):
    rows = rows_of(24)
    rows[13]["Effusion"] = "maybe"
    first, second = text_of(rows[:12]), text_of(rows[12:])
    assert "column 'Effusion' holds 'maybe' in row 3 of b," in make(first, second)[0].refused()


def write_image(path, number=0):
    os.makedirs(os.path.dirname(os.fspath(path)), exist_ok=True)  # noqa: PTH103, PTH120  a name in bytes
    with open(path, "wb") as stream:  # noqa: PTH123
        Image.fromarray(image_of(number, 32)).save(stream, "PNG")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems allow no such name")
@pytest.mark.parametrize("place", [b"Kr\xfcger.png", b"gro\xdf/x.png"])
def test_a_file_whose_name_is_no_text_is_told_and_the_others_are_taken(make, cxrtune, tmp_path, place):
    for number, row in enumerate(rows_of(24), start=1):
        write_image(tmp_path / "images" / row["image"], number)
    write_image(os.path.join(os.fsencode(tmp_path), b"images", place))  # noqa: PTH118
    seen, frame = make(text_of(rows_of(24)), options=("--images", tmp_path / "images"))
    assert seen.code == 0, seen.err
    assert len(frame) == 24
    shown = place.decode("utf-8", "backslashreplace")
    assert f"1 images have names that are not UTF-8, '{shown}' for one, and are not used" in seen.err
    verified = cxrtune("verify", tmp_path / "images", "--cohort", tmp_path / "cohort.parquet", "--no-decode")
    assert verified.code == 0, verified
    assert "kept" in make(text_of(rows_of(24)), options=("--images", tmp_path / "images"))[0].out


# Images by the end of their path


@pytest.fixture
def tree(make, tmp_path):
    """Return a function that makes the cohort of tables with images at these paths, named by a table's."""

    def run(images, named):
        for image in images:
            write_image(tmp_path / "images" / image)
        rows = "\n".join(f"{name},{n},{n % 2}" for n, name in enumerate(named))
        map = "image: image\npatient: {column: p}\nfindings: [Effusion]\n"
        return make("image,p,Effusion\n" + rows, map=map, options=("--images", tmp_path / "images"))

    return run


def test_folders_that_were_renamed_do_not_matter_as_long_as_an_end_tells_the_image(tree):
    images = [f"batch {n % 3}/patient{n}/study1/view1.png" for n in range(12)]
    seen, frame = tree(images, [f"train/patient{n}/study1/view1.png" for n in range(12)])
    assert list(frame.index) == images
    told = "12 images are found by a part of their name only, train/patient0/study1/view1.png as"
    assert f"{told} batch 0/patient0/study1/view1.png for one" in seen.err


def test_paths_in_folders_are_no_odd_names(tree, cxrtune, tmp_path):
    images = [f"train/patient{n}/view1.png" for n in range(12)]
    assert tree(images, images)[0].code == 0
    place = (tmp_path / "images", "--cohort", tmp_path / "cohort.parquet", "--no-decode")
    assert "odd-name" not in cxrtune("verify", *place).out


def test_the_image_of_another_patient_is_not_taken_for_one_that_is_not_there(tree):
    images = [f"train/patient{n}/view1.png" for n in range(12)]
    seen, frame = tree(images, [f"train/patient{n}/view1.png" for n in range(6, 18)])
    assert list(frame.index) == images[6:]
    assert "6 not on disk and left out (train/patient12/view1.png for one)" in seen.out
    assert "6 on disk but not in the table and not used (train/patient0/view1.png for one)" in seen.out


def test_an_end_that_fits_two_images_is_refused_with_a_way_out_that_helps(tree):
    images = [f"{batch}/patient{n}/view1.png" for batch in ("a", "b") for n in range(12)]
    text = tree(images, [f"train/patient{n}/view1.png" for n in range(12)])[0].refused()
    assert "'patient0/view1.png' is here twice, as a/patient0/view1.png and as b/patient0/view1.png" in text
    assert "Name the folder that the table's paths begin in" in text
