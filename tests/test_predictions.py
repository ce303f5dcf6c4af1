"""Tables of predictions: written in three formats, read back, and read from other programs."""

import csv
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import files_below
from cxrtune.errors import CxrtuneError, DataError, UsageError
from cxrtune.predictions import ModelCard, Predictions, read_predictions

FINDINGS = ("Mass", "Nodule", "Hernia")
CARD = ModelCard("a model", "drawn by the test", "Youden's J", {"Mass": 0.125, "Nodule": 0.1})
FORMATS = [".parquet", ".csv", ".jsonl"]

# Names and patients that a reader would like to make numbers, dates or nothing of.
IMAGES = ["00012.png", "00013", "1e5", "2020-01-01", "köhler, 2.png"]
PATIENTS = ["00012", "7", None, "1.50", "NaN?"]


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    probabilities = rng.random((5, 3)).astype(np.float32)
    probabilities[1, 0] = np.nan  # this one could not be scored for Mass
    probabilities[:, 2] = np.nan  # the model knows no Hernia
    probabilities[0, 0], probabilities[0, 1] = 0, 1
    probabilities[2, 1] = 1.2345678e-11
    return Predictions(
        np.array(IMAGES, dtype=object), np.array(PATIENTS, dtype=object), FINDINGS, probabilities, CARD
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_reads_back_the_same(predictions, tmp_path, suffix):
    path = tmp_path / f"scores{suffix}"
    predictions.write(path)
    found = read_predictions(path, FINDINGS)
    assert list(found.images) == IMAGES
    assert list(found.patients) == PATIENTS
    assert found.findings == FINDINGS
    # Texts have no precision of their own: they are read in the largest.
    assert found.scores.dtype == (np.float32 if suffix == ".parquet" else np.float64)
    # Within what JSON's fifteen decimals keep; Parquet and CSV keep every bit of float32.
    np.testing.assert_allclose(
        found.scores.astype(np.float32),
        predictions.scores,
        rtol=0,
        atol=1e-15 if suffix == ".jsonl" else 0,
    )
    assert files_below(tmp_path) == {path.name}


def test_only_parquet_keeps_the_thresholds(predictions, tmp_path):
    for suffix in FORMATS:
        predictions.write(tmp_path / f"scores{suffix}")
    assert read_predictions(tmp_path / "scores.parquet", FINDINGS).model == CARD
    for suffix in (".csv", ".jsonl"):
        assert read_predictions(tmp_path / f"scores{suffix}", FINDINGS).model.thresholds == {}


def test_what_is_not_known_is_null_in_parquet(predictions, tmp_path):
    predictions.write(tmp_path / "scores.parquet")
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.column_names == ["image", "patient", *FINDINGS]
    assert [table[finding].null_count for finding in FINDINGS] == [1, 0, 5]
    assert table["patient"].null_count == 1
    assert not any(np.isnan(value) for value in table["Mass"].to_pylist() if value is not None)


def test_what_is_not_known_is_an_empty_cell_in_csv(predictions, tmp_path):
    predictions.write(tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["Hernia"] for row in rows] == [""] * 5
    assert [row["Mass"] == "" for row in rows] == [False, True, False, False, False]


def test_what_is_not_known_is_null_in_json(predictions, tmp_path):
    predictions.write(tmp_path / "scores.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["Hernia"] for row in rows] == [None] * 5
    assert rows[1]["Mass"] is None
    assert [row["image"] for row in rows] == IMAGES


@pytest.mark.parametrize("name", ["scores", "scores.txt", "scores.PARQUET", "scores.csv.gz"])
def test_another_suffix_is_wrong_use_and_writes_nothing(predictions, tmp_path, name):
    with pytest.raises(UsageError, match=r"\.parquet, \.csv or \.jsonl"):
        predictions.write(tmp_path / name)
    assert not files_below(tmp_path)


def test_a_foreign_table_needs_an_image_column_and_a_column_a_finding(tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text(
        "fold,image,prob_Nodule,prob_Mass,prob_Unheard,comment\n"
        '1,b.png,0.25,1,9,"a, b"\n'
        "2,a.png,,0.5,9,\n"
        "3,0007,1.0e-3,0,9,\n"
    )
    found = read_predictions(path, FINDINGS, column_prefix="prob_")
    assert list(found.images) == ["b.png", "a.png", "0007"]
    assert list(found.patients) == [None] * 3
    np.testing.assert_array_equal(
        found.scores,
        np.array([[1, 0.25, np.nan], [0.5, np.nan, np.nan], [0, 1e-3, np.nan]]),
    )
    assert found.model.title == "theirs"
    assert found.model.thresholds == {}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_names_made_of_digits_keep_their_zeros(tmp_path, suffix):
    path = tmp_path / f"theirs{suffix}"
    rows = [("0007", "01", 0.5), ("0012", "02", 0.25)]
    if suffix == ".csv":
        lines = ["image,patient,Mass", *(f"{image},{patient},{mass}" for image, patient, mass in rows)]
    else:
        lines = [json.dumps(dict(zip(("image", "patient", "Mass"), row, strict=True))) for row in rows]
    path.write_text("\n".join(lines))
    found = read_predictions(path, FINDINGS)
    assert (list(found.images), list(found.patients)) == (["0007", "0012"], ["01", "02"])


@pytest.mark.parametrize("kind", ["float64", "Float64", "str", "int64", "bool"])
def test_a_foreign_parquet_may_hold_numbers_of_any_kind(tmp_path, kind):
    values = pd.Series([1, 0, 1]).astype(kind)
    pd.DataFrame({"image": ["a", "b", "c"], "Mass": values}).to_parquet(tmp_path / "theirs.parquet")
    found = read_predictions(tmp_path / "theirs.parquet", FINDINGS)
    np.testing.assert_array_equal(found.scores[:, 0], [1, 0, 1])


HEAD = "image,Mass\n"
BAD = {
    "below 0": (HEAD + "a,-0.25\n", ["'Mass'", "-0.25", "[0, 1]", "logistic"]),
    "above 1": (HEAD + "a,0.5\nb,1.5\n", ["'Mass'", "1.5", "[0, 1]"]),
    "infinite": (HEAD + "a,inf\n", ["'Mass'", "inf"]),
    "a word": (HEAD + "a,high\n", ["'Mass'", "'high'", "no number"]),
    "an image twice": (HEAD + "a,0.1\nb,0.1\na,0.2\n", ["image a ", "more than once", "one row"]),
    "an image without name": (HEAD + "a,0.1\n,0.1\n", ["row 3", "image"]),
    "no image column": ("file,Mass\na,0.5\n", ["'image'", "file, Mass"]),
    "no finding": ("image,Mass_effect\na,0.5\n", ["'Mass'", "Mass_effect", "`column_prefix`"]),
    "empty": ("", []),
    "ragged": (HEAD + "a,0.1,0.2,0.3\nb\n", []),
    "binary": ("\x89PNG\r\n\x00\x00", []),
}


@pytest.mark.parametrize(("text", "named"), BAD.values(), ids=BAD)
def test_a_bad_table_is_refused_by_name_with_the_way_out(tmp_path, text, named):
    path = tmp_path / "theirs.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError) as refused:
        read_predictions(path, FINDINGS)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 2
    for text in named:
        assert text in message


@pytest.mark.parametrize("name", ["theirs.parquet", "theirs.jsonl", "theirs.csv"])
@pytest.mark.parametrize(
    "content", [None, b"", b"\x89PNG\r\n\xff\xfe", b"PAR1 and nothing PAR1", b'{"image": ', b"3\n"]
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CxrtuneError) as refused:
        read_predictions(path, FINDINGS)
    assert str(refused.value).startswith(f"{path}: ")
    assert len(str(refused.value).splitlines()) == 2


def test_a_cut_parquet_file_is_refused_by_name(predictions, tmp_path):
    path = tmp_path / "scores.parquet"
    predictions.write(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="no table of predictions"):
        read_predictions(path, FINDINGS)


# Whose column is whose


def columns_read(tmp_path, columns, findings):
    """Read a table whose columns hold 0.1, 0.2 ...; return the value of each finding, and the notes."""
    path = tmp_path / "theirs.csv"
    values = [str((n + 1) / 10) for n in range(len(columns))]
    path.write_text(",".join(["image", *columns]) + "\n" + ",".join(["a.png", *values]) + "\n")
    found = read_predictions(path, findings)
    return [None if np.isnan(value) else value for value in found.scores[0].tolist()], found.notes


@pytest.mark.parametrize(
    ("columns", "findings", "values", "synonyms"),
    [
        (["Edema", "Pulmonary_Edema"], ("Edema", "Pulmonary_Edema"), [0.1, 0.2], ""),
        (["Pulmonary_Edema", "Edema"], ("Edema", "Pulmonary_Edema"), [0.2, 0.1], ""),
        (["Edema", "Mass"], ("Edema", "Pulmonary_Edema", "Mass"), [0.1, None, 0.2], ""),
        (["Pulmonary Edema", "Mass"], ("Edema", "Pulmonary_Edema", "Mass"), [None, 0.1, 0.2], ""),
        (["Edema", "Mass"], ("Pulmonary_Edema", "Mass"), [0.1, 0.2], "Edema for Pulmonary_Edema"),
        (["oedema"], ("Pulmonary_Edema", "Edema"), [None, 0.1], "oedema for Edema"),
        (["Pulmonary_Edema", "Edema"], ("Edema",), [0.2], ""),
        (["edema", "Edema"], ("Edema",), [0.2], ""),
        (["Infiltrate", "mass"], ("Infiltration", "Mass"), [0.1, 0.2], "Infiltrate for Infiltration"),
    ],
)
def test_a_findings_own_name_goes_before_other_spellings_and_these_before_synonyms(
    tmp_path, columns, findings, values, synonyms
):
    found, notes = columns_read(tmp_path, columns, findings)
    assert found == values
    assert notes == ((f"theirs.csv: columns are taken as synonyms: {synonyms}",) if synonyms else ())


@pytest.mark.parametrize(
    "columns", [["edema", "EDEMA"], ["oedema", "Pulmonary Edema"], ["Edema", "Edema"], ["edema ", "edema"]]
)
def test_two_columns_that_fit_equally_well_are_refused(tmp_path, columns):
    with pytest.raises(DataError, match="has two columns for Edema: "):
        columns_read(tmp_path, columns, ("Edema",))


@pytest.mark.parametrize(
    ("columns", "findings", "values", "told"),
    [
        (["prob_Mass"], ("Mass", "Hernia"), [0.1, None], "prob_FINDING"),  # a word for scores
        (["Mass effect"], ("Mass",), [0.1], "FINDING effect"),  # the only finding
        (["x_mass", "x_Pulmonary Edema"], ("Edema", "Mass"), [0.2, 0.1], "x_FINDING"),
        (["x_Mass", "y_Mass", "x_Hernia"], ("Mass", "Hernia"), [0.1, 0.3], "x_FINDING"),
        (["true_Mass", "true_Hernia", "z-Mass", "z-Hernia"], ("Mass", "Hernia"), [0.3, 0.4], "z-FINDING"),
        (["Mass", "p_Mass", "p_Hernia"], ("Mass", "Hernia"), [0.1, None], None),  # a bare name goes before
    ],
)
def test_what_the_columns_of_findings_share_is_found(tmp_path, columns, findings, values, told):
    found, notes = columns_read(tmp_path, columns, findings)
    assert found == values
    assert [note for note in notes if "are read as" in note] == (
        [f"theirs.csv: columns are read as '{told}'"] if told else []
    )


@pytest.mark.parametrize(
    "columns", [["Massive", "x"], ["Massage_x", "Hernias"], ["true_Mass", "true_Hernia"]]
)
def test_what_only_looks_like_a_finding_is_not_taken(tmp_path, columns):
    with pytest.raises(DataError, match="has no column for any of the findings"):
        columns_read(tmp_path, columns, ("Mass", "Hernia"))


def test_a_synonyms_thresholds_go_with_it(tmp_path):
    point = {"threshold": 0.3, "sensitivity": 1.0, "specificity": 1.0}
    card = ModelCard("m", "", "Youden", {"Oedema": 0.3}, {"youden": {"Oedema": point}}, {"Oedema": {"a": 1}})
    names, scores = np.array(["a.png"], dtype=object), np.array([[0.5]], dtype=np.float32)
    Predictions(names, names, ("Oedema",), scores, card).write(tmp_path / "m.parquet")
    model = read_predictions(tmp_path / "m.parquet", ("Edema",)).model
    assert model.thresholds == {"Edema": 0.3}
    assert model.operating_points == {"youden": {"Edema": point}}
    assert model.calibration == {"Edema": {"a": 1}}


# Files of other programs


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("head", ["Image Index;Patient ID;Mass\n", "sep=;\nIMAGE;Patient;mass\n"])
def test_a_spreadsheets_table_is_read(tmp_path, encoding, head):
    path = tmp_path / "theirs.csv"
    path.write_bytes((head + "köhler.png;7;0,25\nb.png;;1,0\n").encode(encoding))
    found = read_predictions(path, FINDINGS)
    assert list(found.images) == ["köhler.png", "b.png"]
    assert list(found.patients) == ["7", None]
    assert found.scores[:, 0].tolist() == [0.25, 1.0]
    assert [("Windows-1252" in note) for note in found.notes] == ([True] if encoding == "latin-1" else [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_json_lines_are_read_in_every_encoding(tmp_path, encoding):
    path = tmp_path / "theirs.jsonl"
    path.write_bytes('{"image": "köhler.png", "Mass": 0.25}\n\n'.encode(encoding))
    assert list(read_predictions(path, FINDINGS).images) == ["köhler.png"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_the_precision_is_that_of_the_table(tmp_path, suffix):
    path, values = tmp_path / f"theirs{suffix}", [1 - 1e-13, 1 - 1e-12, 1e-300]
    frame = pd.DataFrame({"image": ["a", "b", "c"], "Mass": values})
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
    assert read_predictions(path, ("Mass",)).scores[:, 0].tolist() == values
    if suffix == ".parquet":
        frame.astype({"Mass": "float32"}).to_parquet(path)
        assert read_predictions(path, ("Mass",)).scores.dtype == np.float32


def test_an_index_is_a_column_like_any_other(tmp_path):
    frame = pd.DataFrame({"image": ["a.png", "b.png"], "Mass": [0.5, None], "Nodule": [True, None]})
    frame.set_index("image").to_parquet(tmp_path / "theirs.parquet")
    found = read_predictions(tmp_path / "theirs.parquet", FINDINGS)
    assert list(found.images) == ["a.png", "b.png"]
    np.testing.assert_array_equal(found.scores[:, :2], [[0.5, 1], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [(b"cxrtune", b"{", "what it says of its model cannot be read"), (b"cxrtune", b'{"a": 1}', "is damaged"),
     (b"pandas", b"{}", None)],
)  # fmt: skip
def test_what_is_damaged_beside_the_columns_is_told_or_does_not_matter(tmp_path, key, value, message):
    path = tmp_path / "theirs.parquet"
    table = pa.table({"image": ["a.png"], "Mass": [0.5]})
    pq.write_table(table.replace_schema_metadata({key: value}), path)
    if message is None:
        assert read_predictions(path, FINDINGS).scores[0, 0] == 0.5
        return
    with pytest.raises(DataError, match=message):
        read_predictions(path, FINDINGS)
