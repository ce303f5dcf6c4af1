"""What is wrong with somebody's table, images or map is told in one or two lines."""

import pytest

BASE = "image: File\npatient: {none: true}\nfindings: [A]\n"


def refused(own_data, cxrtune, *more, code=1):
    text = cxrtune("cohort", *own_data.options, *more).refused(code)
    assert not (own_data.path / "cohort.parquet").exists()
    return text


def change(rows, column, value, row=4):
    rows[row][column] = value


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("File", "", "row 6 of the table names no image"),
        ("File", "../../secret.png", "names an image outside the folder of images"),
        ("Patient", " ", "1 images have no patient by column 'Patient', ward 0/Zoë 004.png for one"),
        (
            "Pleural effusion",
            "maybe",
            "column 'Pleural effusion' holds 'maybe' in row 6, which the map does not",
        ),
        ("File", "ward 1/Zoë 005.png", "names 1 images more than once, ward 1/Zoë 005.png for one"),
        ("File", "Zoë 005", "two names in the table mean the same image, ward 1/Zoë 005.png"),
    ],
)
def test_a_wrong_cell_is_named(own_data, cxrtune, column, value, message):
    change(own_data.rows, column, value)
    assert message in refused(own_data, cxrtune)


def test_a_name_that_fits_two_images_is_refused(own_data, cxrtune):
    (own_data.path / "images" / "ward 1" / "Zoë 004.png").write_bytes(b"")
    change(own_data.rows, "File", "Zoë 004.png")
    text = refused(own_data, cxrtune)
    assert "'Zoë 004.png' is here twice, as ward 0/Zoë 004.png and as ward 1/Zoë 004.png" in text


def test_a_missing_column_is_named_with_what_is_near(own_data, cxrtune):
    own_data.map = own_data.map.replace("Rib fracture", "Rib fractures")
    text = refused(own_data, cxrtune)
    assert "has no column 'Rib fractures' (is 'Rib fracture' meant?); its columns are File, Patient" in text


def test_a_column_that_stands_twice_is_refused_if_it_is_wanted(own_data, cxrtune):
    options = own_data.options
    table = own_data.path / "labels.csv"
    lines = table.read_text().split("\n")
    table.write_text("\n".join([lines[0].replace("View", "sex"), *lines[1:]]))
    own_data.map = own_data.map.replace("{column: Sex,", "{column: SEX,")
    (own_data.path / "map.yaml").write_text(own_data.map.replace("view: {column: View", "view: {column: Age"))
    assert "has 2 columns 'SEX'" in cxrtune("cohort", *options).refused()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no header line"),
        (b"File,Patient\xff\xfe\n", "it is not UTF-8 text: line 1 read as Windows-1252"),
        (b"File,Patient\x81\n", "it is no text in UTF-8 or Windows-1252 (line 1)"),
        (b"PK\3\4 and so on", "it cannot be unpacked: File is not a zip file"),
        (b"File,Patient,View,Sex,Age,Pleural effusion,Rib fracture\na,b\n", "is no readable CSV table"),
    ],
)
def test_a_table_that_is_none_is_told_without_its_rows(own_data, cxrtune, content, message):
    options = own_data.options
    (own_data.path / "labels.csv").write_bytes(content)
    text = cxrtune("cohort", *options).refused()
    assert message in text
    assert "a,b" not in text


def test_what_is_not_there_is_named(own_data, cxrtune):
    options = list(own_data.options)
    for place, message in (
        (1, "no such file or directory\nCheck the path of the label table."),
        (3, "there is no such folder of images"),
    ):
        wrong = [*options]
        wrong[place] = own_data.path / "nowhere"
        assert message in cxrtune("cohort", *wrong).refused()
    wrong[3], wrong[5] = options[3], "chexpart"
    assert "there is no map 'chexpart'" in cxrtune("cohort", *wrong).refused(2)
    (own_data.path / "empty").mkdir()
    wrong[3], wrong[5] = own_data.path / "empty", options[5]
    assert "holds no images (PNG, JPEG or DICOM)" in cxrtune("cohort", *wrong).refused()


def test_images_of_another_folder_are_not_taken_for_these(own_data, cxrtune):
    for row in own_data.rows:
        row["File"] = "other/" + row["File"].replace("Zoë", "Zoe")
    assert "not one of the table's 40 images is here, other/ward 0/Zoe 000.dcm for one" in refused(
        own_data, cxrtune
    )


def test_a_split_that_parts_a_patient_or_names_an_unknown_part_is_refused(own_data, cxrtune):
    own_data.map += "split: {column: Part, values: {dev: train, final: test}}\n"
    for number, row in enumerate(own_data.rows):
        row["Part"] = "final" if number >= 31 else "dev"
    text = refused(own_data, cxrtune)
    assert "1 patients are in more than one part of the split, with ward 0/Zoë 030.dcm for one" in text
    assert "P15" not in text
    own_data.rows[9]["Part"] = "both"
    assert "1 rows are of a part that the map does not know: 'both' for one" in refused(own_data, cxrtune)


def test_a_map_that_leaves_out_everything_is_refused(own_data, cxrtune):
    own_data.map += "keep: {View: [LL]}\n"
    assert "the map leaves out all 40 rows" in refused(own_data, cxrtune)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image: File\nimage: File\n", "cannot be read as YAML: line 2: the key 'image' stands twice"),
        ("- File\n", "is no map: a map is a mapping"),
        ("imag: File\n", "unknown key 'imag'"),
        ("patient: {none: true}\nfindings: [A]\n", "the key 'image' is missing"),
        ("image: File\npatient: {}\nfindings: [A]\n", "give just one of column, pattern, and none: true"),
        (
            "image: File\npatient: {pattern: 'x'}\nfindings: [A]\n",
            "has no group in parentheses",
        ),
        ("image: File\npatient: {pattern: '('}\nfindings: [A]\n", "is no regular expression"),
        ("image: File\npatient: {none: true}\n", "give either findings or labels"),
        ("image: File\npatient: {none: true}\nfindings: [age]\n", "'age' cannot be the name of a finding"),
        ("image: File\npatient: {none: true}\nfindings: [A/B]\n", "'A/B' cannot be the name of a finding"),
        (
            BASE + "age: {born: B}\n",
            "give either column, or both",
        ),
        (BASE + "tables: columns\n", "need join"),
        (
            BASE + "values: {absent: ['1']}\n",
            "'1' stands in two of",
        ),
        (
            BASE + "split: {values: {a: train}}\n",
            "just one of column, pattern, and all",
        ),
        (
            BASE + "split: {pattern: a, values: {a: train}}\n",
            "the part",
        ),
        (
            BASE + "split: {column: a, values: {a: validation}}\n",
            "means train or test",
        ),
        ("image: '{File'\npatient: {none: true}\nfindings: {A: Age}\n", "a brace that belongs to no column"),
    ],
)
def test_what_is_wrong_with_a_map_is_told(own_data, cxrtune, text, message):
    own_data.map = text
    assert message in refused(own_data, cxrtune, code=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no data was named"),
        (("--csv", "a.csv"), "data of your own needs --images and --map too"),
        (("--csv", "a.csv", "--map", "m.yaml"), "data of your own needs --images too"),
        (("--csv", "a.csv", "--metadata-only"), "data of your own needs --map too"),
        (("--data", ".", "--csv", "a.csv"), "--data is an NIH folder"),
        (("--csv", "a", "--images", "b", "--map", "c", "--uncertain", "x"), "--uncertain does not know 'x'"),
        (("--csv", "a", "--images", "b", "--map", "c", "--protocol", "nih8"), "--protocol is of NIH folders"),
        (
            ("--csv", "a", "--images", "b", "--map", "chexpert", "--out", "c.csv"),
            "a cohort is written as .parquet",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(cxrtune, options, message):
    assert message in cxrtune("cohort", *options).refused(2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cohort", "c.parquet", "--csv", "a.csv"), "a cohort goes with --data"),
        (("--cohort", "c.parquet", "--data", ".", "--uncertain", "positive"), "a cohort goes with --data"),
        (("--cohort", "c.parquet", "--data", ".", "--protocol", "nih8"), "--protocol is of NIH folders"),
        (("--csv", "a", "--images", "b", "--map", "c", "--protocol", "nih8"), "--protocol is of NIH folders"),
    ],
)
def test_run_refuses_what_it_would_not_heed(cxrtune, tmp_path, options, message):
    assert message in cxrtune("run", *options, "--out", tmp_path / "run").refused(2)


def test_rows_are_numbered_as_in_the_table_though_others_are_left_out(own_data, cxrtune):
    own_data.map += "keep: {View: [PA, AP]}\n"
    assert own_data.rows[2]["View"] == "unknown"
    change(own_data.rows, "Pleural effusion", "maybe")
    assert "holds 'maybe' in row 6," in refused(own_data, cxrtune)
    change(own_data.rows, "File", "")
    change(own_data.rows, "Pleural effusion", "1")
    assert "row 6 of the table names no image" in refused(own_data, cxrtune)


def test_what_other_programs_leave_among_the_images_is_not_counted(own_data, cxrtune):
    images = own_data.path / "images"
    whole = next(images.rglob("*.png")).read_bytes()
    for name in ("._1.png", ".DS_Store", "Thumbs.db", "DICOMDIR", "README", "ward 0/1.png.part"):
        (images / name).write_bytes(whole if ".png" in name else b"x")
    seen = cxrtune("cohort", *own_data.options)
    assert seen.code == 0, seen.err
    assert "on disk but not in the table" not in seen.out + seen.err
