"""Label tables that a person, a spreadsheet or another release made other than NIH's."""

import gzip

import pandas as pd
import pytest

from cxrtune.cohort import releases
from cxrtune.cohort.nih_table import read_label_table
from cxrtune.cohort.releases import identify
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table
from nih_folder import HEADER

TABLE = "Data_Entry_2017_v2020.csv"


def _rewrite(folder, change):
    """Change the table's text, as bytes go in and out."""
    path = folder.path / TABLE
    path.write_bytes(change(path.read_bytes().decode()).encode())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "\ufeff" + text, "it has a byte order mark, which does no harm"),
        (lambda text: text.replace("\n", "\r\n"), "it has Windows line ends, which does no harm"),
        (lambda text: text.replace("\n", "\r"), "it has line ends of an old Macintosh"),
        (lambda text: "\ufeff" + text.replace("\n", "\r\n"), "a byte order mark and Windows line ends"),
    ],
)
def test_what_the_pipeline_reads_all_the_same_is_no_problem_but_told(
    nih_folder, verify, cxrtune, tmp_path, change, words
):
    _rewrite(nih_folder, lambda text: change(text.replace("\r\n", "\n")))
    verified = verify(nih_folder.path)
    assert not verified.problems
    assert words in verified.seen.out
    made = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "cohort.parquet")
    assert made.code == 0, made


def test_quoted_fields_are_no_problem(nih_folder, verify):
    _rewrite(
        nih_folder,
        lambda text: "\n".join(
            ",".join(f'"{cell}"' for cell in line.split(","))
            for line in text.replace("\r\n", "\n").splitlines()
        ),
    )
    assert not verify(nih_folder.path).problems


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("sep=;\n", "semicolons")]
)
def test_another_separator_is_told_and_the_rest_is_checked_nevertheless(nih_folder, verify, separator, name):
    nih_folder.rows[3]["Finding Labels"] = "Pneumonitis"
    nih_folder.write_table()
    line, comma = ("", separator) if len(separator) == 1 else (separator, ";")
    _rewrite(nih_folder, lambda text: line + text.replace("\r\n", "\n").replace(",", comma))
    verified = verify(nih_folder.path)
    assert [problem["kind"] for problem in verified.problems] == ["unknown-label"]
    assert f"it has {name} as separators" in verified.seen.out


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_and_the_cohort_reads_it_too(nih_folder, verify, cxrtune, tmp_path, encoding):
    path = nih_folder.path / TABLE
    path.write_bytes(path.read_bytes().decode().replace("\r\n", "\n").encode(encoding))
    verified = verify(nih_folder.path)
    assert not verified.problems
    assert "it has text in UTF-16" in verified.seen.out
    made = cxrtune("cohort", "--data", nih_folder.path, "--out", tmp_path / "cohort.parquet")
    assert made.code == 0, made


def test_latin_1_is_named_with_the_line(nih_folder, verify):
    nih_folder.rows[0]["Image Index"] = "Röntgen.png"
    nih_folder.file("00000001_000.png").rename(nih_folder.file("Röntgen.png"))
    nih_folder.write_table()
    nih_folder.write_lists()
    path = nih_folder.path / TABLE
    path.write_bytes(path.read_bytes().decode().encode("latin-1"))
    verified = verify(nih_folder.path)
    assert "is not UTF-8 text: line 2 read as Windows-1252" in verified.of("table")[0]["what"]
    assert verified.of("table")[0]["severity"] == "warning"
    assert not verified.of("missing-image")  # the name was understood


def test_a_column_in_another_case_is_named_with_the_right_one(nih_folder, verify):
    nih_folder.write_table(header=tuple(name.lower() if name == "Patient ID" else name for name in HEADER))
    text = verify(nih_folder.path).only("table", "warning", TABLE)
    assert "has a column 'patient id', expected 'Patient ID'" in text


def test_a_column_that_is_not_there(nih_folder, verify):
    nih_folder.write_table(header=tuple("Diagnosis" if name == "Finding Labels" else name for name in HEADER))
    verify(nih_folder.path).only("table", "error", TABLE, "has no column 'Finding Labels'", "Diagnosis")


def test_a_table_without_patients_is_told_once_and_not_row_by_row(nih_folder, verify):
    nih_folder.write_table(header=tuple("Who" if name == "Patient ID" else name for name in HEADER))
    verified = verify(nih_folder.path)
    assert len(verified.of("table")) == 1
    assert not verified.of("table-row")


@pytest.mark.parametrize("differ", [False, True])
def test_a_column_that_is_there_twice(nih_folder, verify, differ):
    table = pd.read_csv(nih_folder.path / TABLE, dtype=str)
    table["copy"] = table["Patient Age"].where([not differ or row > 0 for row in range(len(table))], "7")
    table.rename(columns={"copy": "Patient Age"}).to_csv(nih_folder.path / TABLE, index=False)
    verified = verify(nih_folder.path)
    if differ:
        verified.only("table", "error", TABLE, "has 2 columns 'Patient Age' that differ", "but the right one")
    else:
        verified.only("table", "warning", TABLE, "'Patient Age' 2 times, all alike")


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"\x89PNG\r\n\x1a\n\0\0\0", "holds zero bytes"), (b"Image Index\n", "no rows")],
)
def test_what_is_no_table_does_not_end_the_check(nih_folder, verify, data, words):
    (nih_folder.path / TABLE).write_bytes(data)
    nih_folder.file(nih_folder.images[0]).write_bytes(b"")
    verified = verify(nih_folder.path)
    assert words in " ".join(problem["what"] for problem in verified.of("table"))
    assert len(verified.of("unreadable-image")) == 1
    assert verified.seen.code == 1


def test_rows_of_another_length_and_an_open_quote(nih_folder, verify):
    _rewrite(nih_folder, lambda text: text.replace("\r\n", "\n") + "00000099_000.png,Mass\n")
    assert "row 42 has 2 cells, and the header has 11" in verify(nih_folder.path).of("table")[0]["what"]
    nih_folder.write_table()
    _rewrite(nih_folder, lambda text: text.replace("No Finding", '"No Finding', 1))
    assert "opens a quote" in verify(nih_folder.path).of("table")[0]["what"]


def test_rows_that_cannot_be_meant(nih_folder, verify):
    rows = nih_folder.rows
    rows[0]["Patient ID"] = ""
    rows[1]["Patient ID"] = "77"
    rows[2]["Patient Gender"] = "X"
    rows[3]["View Position"] = "LL"
    rows.append(dict(rows[5]))
    rows.append(dict(rows[6], **{"Image Index": ""}))
    nih_folder.write_table()
    found = [(problem["severity"], problem["what"]) for problem in verify(nih_folder.path).of("table-row")]
    assert found == [
        ("error", "row 43 names no image"),
        ("error", f"row 42 names {nih_folder.images[5]} again, expected one row an image"),
        ("error", "row 2 (00000001_000.png) names no patient"),
        ("warning", "row 3 (00000001_001.png) has another patient than its name says"),
        ("warning", "row 4 (00000002_000.png) has the sex 'X', expected M or F"),
        ("warning", "row 5 (00000002_001.png) has the view 'LL', expected PA or AP"),
    ]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Pneumonitis", "'Pneumonitis'"),
        ("mass", "'mass'; perhaps 'Mass' is meant"),
        ("Mass| Nodule", "' Nodule'"),
        ("Pleural Thickening", "perhaps 'Pleural_Thickening' is meant"),
        ("No Finding|Mass", "'No Finding' beside a finding"),
        ("", "''"),
    ],
)
def test_unknown_labels(nih_folder, verify, label, said):
    nih_folder.rows[4]["Finding Labels"] = label
    nih_folder.write_table()
    image = nih_folder.images[4]
    text = verify(nih_folder.path).only("unknown-label", "error", TABLE, f"row 6 ({image})", said)
    assert "Labels are No Finding, or any of Atelectasis" in text


@pytest.mark.parametrize("age", ["412", "-3", "", "old", "121Y"])
def test_impossible_ages(nih_folder, verify, age):
    nih_folder.rows[4]["Patient Age"] = age
    nih_folder.write_table()
    verify(nih_folder.path).only(
        "impossible-age", "warning", TABLE, f"has the age '{age}', expected 0 to 120"
    )


@pytest.mark.parametrize("age", ["058Y", "011M", "009D", "0", "95"])
def test_ages_of_every_release_are_understood(nih_folder, verify, age):
    nih_folder.rows[4]["Patient Age"] = age
    nih_folder.write_table()
    assert not verify(nih_folder.path).problems


def test_two_tables_that_say_the_same_and_two_that_do_not(nih_folder, verify):
    nih_folder.write_table("Data_Entry_2017.csv")
    other = "Data_Entry_2017.csv"
    verify(nih_folder.path).only("table-release", "warning", other, "says the same", f"cxrtune reads {TABLE}")
    nih_folder.rows[0]["Patient Age"] = "99"
    nih_folder.rows[1]["Finding Labels"] = "Hernia"
    nih_folder.rows.pop()
    nih_folder.write_table(other)
    text = verify(nih_folder.path).only("table-release", "warning", other, "the ages of 1 images differ")
    assert "the labels of 1 images differ" in text
    assert f"1 images are in {TABLE} only" in text


@pytest.mark.parametrize("name", ["data_entry_2017.csv", "Data_Entry_2017_v2020 (1).csv", "test_list.TXT"])
def test_a_name_that_is_not_looked_for(nih_folder, verify, name):
    (nih_folder.path / name).write_bytes(b"x")
    verify(nih_folder.path).only("table", "warning", name, "is not read under this name, expected '")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """NIH's release v2020, unpacked from torchxrayvision's copy."""
    shipped = shipped_table(NIH_TABLE)
    assert shipped is not None
    path = tmp_path_factory.mktemp("published") / TABLE
    path.write_bytes(gzip.decompress(shipped.read_bytes()))
    return path


def test_v2020_is_known_by_its_bytes_and_counted_as_written_down(published):
    identity = identify(read_label_table(published))
    assert identity.sentence.startswith("NIH's release v2020, byte for byte")
    raw = pd.read_csv(published, dtype=str, keep_default_na=False)
    assert (len(raw), raw["Patient ID"].nunique()) == (releases.ROWS, releases.PATIENTS)
    assert raw["Finding Labels"].str.get_dummies("|").sum().to_dict() == dict(releases.LABELS)
    assert sum(releases.ARCHIVES.values()) == releases.ROWS


def test_a_table_saved_anew_is_known_by_its_counts(published, tmp_path):
    path = tmp_path / TABLE
    path.write_bytes(published.read_bytes().replace(b"\n", b"\r\n"))
    identity = identify(read_label_table(path))
    assert identity.sentence.startswith(
        "NIH's release v2020 by its counts (rows, patients, every label, 0 imp"
    )
    assert not identity.problems


def test_the_release_of_2017_is_known_by_its_impossible_ages(published, tmp_path):
    raw = pd.read_csv(published, dtype=str, keep_default_na=False)
    raw.loc[raw.index[:16], "Patient Age"] = "412"
    path = tmp_path / "Data_Entry_2017.csv"
    raw.to_csv(path, index=False)
    assert identify(read_label_table(path)).sentence.startswith("NIH's release 2017 by its counts")


def test_other_labels_on_nihs_images_are_told_with_an_example(published, tmp_path):
    raw = pd.read_csv(published, dtype=str, keep_default_na=False)
    raw.loc[0, "Finding Labels"] = "Hernia"
    path = tmp_path / TABLE
    raw.to_csv(path, index=False)
    (problem,) = identify(read_label_table(path)).problems
    assert "the labels of 1 images" in problem.what
    assert "00000001_000.png has 'Hernia', expected 'Cardiomegaly'" in problem.what
    assert "Hernia 228, expected 227" in problem.what


def test_a_part_of_nihs_table_is_known(published, tmp_path):
    path = tmp_path / TABLE
    pd.read_csv(published, dtype=str, keep_default_na=False).iloc[:500].to_csv(path, index=False)
    assert identify(read_label_table(path)).sentence.startswith(
        "500 of NIH's 112,120 images, with the labels"
    )


def test_a_folder_without_a_table_is_checked_by_the_shipped_one(nih_folder, verify):
    (nih_folder.path / TABLE).unlink()
    out = verify(nih_folder.path).seen.out
    assert (
        f"table: none in the folder, so torchxrayvision's copy ({NIH_TABLE}) is used, NIH's release v2020"
        in out
    )


def test_ages_that_no_release_has(published, tmp_path):
    raw = pd.read_csv(published, dtype=str, keep_default_na=False)
    raw.loc[raw.index[:3], "Patient Age"] = "412"
    path = tmp_path / TABLE
    raw.to_csv(path, index=False)
    assert "2017 or v2020, with other ages, by its counts" in identify(read_label_table(path)).sentence
