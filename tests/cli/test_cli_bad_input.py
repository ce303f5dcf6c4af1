"""Every command with input that cannot be meant: one or two lines, an exit code, and nothing half-written."""

import csv
import json

import pandas as pd
import pytest

from command_line import files_below
from nih_folder import COMMON


@pytest.fixture
def cohort(nih_folder, cxrtune, tmp_path):
    file = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--out", file).code == 0
    return file


@pytest.fixture
def scores(nih_folder, cohort, tmp_path):
    """Return a function that writes a foreign table of predictions for every image of the cohort."""

    def write(name="theirs.csv", **changes):
        path = tmp_path / name
        images = list(pd.read_parquet(cohort)["image"])
        rows = [
            {"image": image} | {f: 0.75 if f in nih_folder.labels(image) else 0.25 for f in COMMON}
            for image in images
        ]
        for row, change in changes.items():
            rows[int(row[1:])] |= change
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_a_good_table_is_evaluated(cohort, scores, cxrtune, tmp_path):
    """So that the refusals below are for the reason they name."""
    out = tmp_path / "out"
    seen = cxrtune("evaluate", "--cohort", cohort, "--predictions", f"theirs={scores()}", "--out", out)
    assert seen.code == 0, seen.err
    assert {"results.json", "provenance.json"} <= files_below(out)


def _outside(scores):
    return f"m={scores(r3={'Mass': 1.25})}"


def _negative(scores):
    return f"m={scores(r3={'Nodule': -0.1})}"


def _no_number(scores):
    return f"m={scores(r0={'Mass': 'high'})}"


def _twice(scores):
    return f"m={scores(r3={'image': '00000001_000.png'})}"


def _no_image_column(scores):
    path = scores()
    path.write_text(path.read_text().replace("image,", "file,", 1))
    return f"m={path}"


def _no_finding(scores):
    path = scores()
    lines = path.read_text().splitlines()
    lines[0] = ",".join(["image", *(f"x{finding}" for finding in COMMON)])
    path.write_text("\n".join(lines))
    return f"m={path}"


def _other_images(scores):
    path = scores()
    path.write_text(path.read_text().replace(".png", ".jpg"))
    return f"m={path}"


def _empty(scores):
    path = scores()
    path.write_bytes(b"")
    return f"m={path}"


def _gone(scores):
    path = scores()
    path.unlink()
    return f"m={path}"


PREDICTIONS = {
    _outside: (1, ["theirs.csv", "'Mass'", "1.25", "[0, 1]"]),
    _negative: (1, ["theirs.csv", "'Nodule'", "-0.1"]),
    _no_number: (1, ["theirs.csv", "'Mass'", "'high'"]),
    _twice: (1, ["theirs.csv", "00000001_000.png", "more than once"]),
    _no_image_column: (1, ["theirs.csv", "'image'"]),
    _no_finding: (1, ["theirs.csv", "--column-prefix"]),
    _other_images: (1, []),
    _empty: (1, ["theirs.csv"]),
    _gone: (1, ["theirs.csv", "no such file"]),
    (lambda scores: str(scores())): (2, ["NAME=FILE"]),
    (lambda scores: f"={scores()}"): (2, ["NAME=FILE"]),
    (lambda scores: "m="): (2, ["NAME=FILE"]),
}


@pytest.mark.parametrize(
    ("spoil", "code", "named"),
    [(spoil, *wanted) for spoil, wanted in PREDICTIONS.items()],
    ids=[getattr(spoil, "__name__", "pair") for spoil in PREDICTIONS],
)
def test_bad_predictions_are_refused_and_nothing_is_written(
    cohort, scores, cxrtune, tmp_path, spoil, code, named
):
    out = tmp_path / "out"
    seen = cxrtune("evaluate", "--cohort", cohort, "--predictions", spoil(scores), "--out", out)
    message = seen.refused(code)
    for text in named:
        assert text in message
    assert not out.exists() or not files_below(out)


def test_two_tables_of_one_name_are_refused(cohort, scores, cxrtune, tmp_path):
    pair = f"m={scores()}"
    seen = cxrtune(
        *(
            "evaluate",
            "--cohort",
            cohort,
            "--predictions",
            pair,
            "--predictions",
            pair,
            "--out",
            tmp_path / "out",
        )
    )
    assert "'m'" in seen.refused(2)


def test_an_unknown_split_is_wrong_use(cohort, scores, cxrtune, tmp_path):
    place = ("--cohort", cohort, "--predictions", f"m={scores()}", "--out", tmp_path / "out")
    message = cxrtune("evaluate", *place, "--split", "holdout").refused(2)
    assert "holdout" in message
    assert "validation" in message


def _text(path):
    path.write_text("image,patient\n")


def _other_columns(path):
    pd.DataFrame({"image": ["a.png"], "Mass": [1]}).to_parquet(path)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def _missing(path):
    path.unlink()


def _no_rows(path):
    pd.read_parquet(path).iloc[:0].to_parquet(path)


def _no_findings(path):
    pd.read_parquet(path).iloc[:, :7].to_parquet(path)


def _another_split(path):
    pd.read_parquet(path).replace({"split": {"test": "holdout"}}).to_parquet(path)


def _an_image_twice(path):
    frame = pd.read_parquet(path)
    frame.loc[1, "image"] = frame.loc[0, "image"]
    frame.to_parquet(path)


def _a_label_of_two(path):
    frame = pd.read_parquet(path)
    frame.loc[1, "Mass"] = 2
    frame.to_parquet(path)


def _a_label_in_words(path):
    frame = pd.read_parquet(path)
    frame["Mass"] = "yes"
    frame.to_parquet(path)


@pytest.mark.parametrize(
    "spoil",
    [
        *(_text, _other_columns, _cut, _missing, _no_rows, _no_findings),
        *(_another_split, _an_image_twice, _a_label_of_two, _a_label_in_words),
    ],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("command", ["pack", "evaluate", "train"])
def test_what_is_no_cohort_is_refused_by_every_command(
    nih_folder, cohort, scores, cxrtune, tmp_path, spoil, command
):
    table = scores()
    spoil(cohort)
    out = tmp_path / "out"
    rest = {
        "pack": ("--data", nih_folder.path),
        "evaluate": ("--predictions", f"m={table}"),
        "train": ("--pack", tmp_path / "pack", "--weights", "random"),
    }[command]
    message = cxrtune(command, "--cohort", cohort, *rest, "--out", out / "x").refused(1)
    assert str(cohort) in message
    assert "cxrtune cohort" in message or spoil is _missing
    assert not out.exists() or not files_below(out)


def test_a_damaged_record_is_named_and_the_results_stay(cohort, scores, cxrtune, tmp_path):
    out = tmp_path / "out"
    command = ("evaluate", "--cohort", cohort, "--predictions", f"m={scores()}", "--out", out)
    assert cxrtune(*command).code == 0
    before = files_below(out)
    (out / "provenance.json").write_text("[]")
    message = cxrtune(*command).refused()
    assert str(out / "provenance.json") in message
    assert "Delete it" in message
    assert files_below(out) == before


@pytest.mark.parametrize("command", ["cohort", "pack", "evaluate"])
def test_an_output_in_a_place_that_is_none_is_named(nih_folder, cohort, scores, cxrtune, tmp_path, command):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / "out.parquet" if command == "cohort" else tmp_path / "file"
    rest = {
        "cohort": ("--data", nih_folder.path),
        "pack": ("--cohort", cohort, "--data", nih_folder.path, "--workers", 1),
        "evaluate": ("--cohort", cohort, "--predictions", f"m={scores()}"),
    }[command]
    message = cxrtune(command, *rest, "--out", out).refused()
    assert str(tmp_path / "file") in message
    assert "--out" in message
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def pack(nih_folder, cohort, cxrtune, tmp_path):
    out = tmp_path / "pack"
    place = ("--cohort", cohort, "--data", nih_folder.path, "--out", out)
    assert cxrtune("pack", *place, "--set", "preprocess.size=32", "--workers", 1).code == 0
    return out


def test_training_refuses_the_pack_of_another_cohort(nih_folder, pack, cxrtune, tmp_path):
    other = tmp_path / "other.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", other).code == 0
    out = tmp_path / "out"
    place = ("--cohort", other, "--pack", pack, "--weights", "random", "--out", out)
    message = cxrtune("train", *place, "--set", "preprocess.size=32").refused()
    assert str(pack) in message
    assert "another cohort" in message
    assert "cxrtune pack" in message
    assert not out.exists() or not files_below(out)


def test_training_refuses_a_pack_of_another_size(cohort, pack, cxrtune, tmp_path):
    out = tmp_path / "out"
    message = cxrtune(
        *("train", "--cohort", cohort, "--pack", pack, "--weights", "random", "--out", out)
    ).refused()
    assert str(pack) in message
    assert "preprocessing" in message
    assert not out.exists() or not files_below(out)


def test_training_refuses_what_is_no_pack(cohort, cxrtune, tmp_path):
    place = ("--cohort", cohort, "--pack", tmp_path / "none", "--out", tmp_path / "out")
    message = cxrtune("train", *place, "--weights", "random").refused()
    assert str(tmp_path / "none") in message
    assert "cxrtune pack" in message


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (
            ["run", "--data", "none", "--out", "out", "--weights", "random"],
            1,
            ["none", "no such data folder"],
        ),
        (["run", "--data", "nih", "--out", "out", "--weights", "gone.pth"], 1, ["gone.pth"]),
        (["run", "--data", "nih", "--out", "out", "--weights", "odd: [name].pth"], 1, ["[name].pth"]),
        (
            ["run", "--data", "nih", "--out", "out", "--protocol", "nih9"],
            2,
            ["'protocol'", "'nih9'"],
        ),
        (["run", "--data", "nih", "--out", "out", "--set", "baselines=[svm]"], 2, ["'svm'", "linear-probe"]),
        (["run", "--data", "nih", "--out", "out", "--set", "baselines=['xrv:none']"], 2, ["none"]),
        (["run", "--data", "nih", "--out", "out", "--recipe", "mine.yaml"], 2, ["'mine.yaml'", "reference"]),
        (["predict", "none", "nih", "--out", "out/p.csv"], 1, ["none"]),
        (["predict", "none", "gone.png", "--out", "out/p.csv"], 1, ["gone.png"]),
        (["predict", "none", "--out", "out/p.csv"], 2, ["--cohort", "--pack"]),
        (["predict", "none", "nih", "--out", "out/p.txt"], 2, ["p.txt", ".parquet, .csv or .jsonl"]),
        (["report", "--evaluation", "none", "--out", "out"], 1, ["none", "cxrtune evaluate"]),
        (["report", "--evaluation", "nih", "--out", "out"], 1, ["nih", "cxrtune evaluate"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and len(value) > 3 else "",
)
def test_other_wrong_input_is_named(nih_folder, cxrtune, tmp_path, monkeypatch, arguments, code, named):
    monkeypatch.chdir(tmp_path)
    message = cxrtune(*arguments).refused(code)
    for text in named:
        assert text in message
    assert not (tmp_path / "out").exists() or not files_below(tmp_path / "out")


def test_an_error_of_the_system_is_one_line_with_its_file(cohort, cxrtune, tmp_path):
    # A folder where the record belongs: no error of the user's that a message was written for.
    record = cohort.with_suffix(".provenance.json")
    record.unlink()
    record.mkdir()
    (record / "inside").touch()
    message = cxrtune("cohort", "--data", tmp_path / "nih", "--out", cohort).refused()
    assert "cohort" in message


def test_results_that_were_refused_do_not_replace_earlier_ones(cohort, scores, cxrtune, tmp_path):
    out = tmp_path / "out"
    good = scores("good.csv")
    assert cxrtune("evaluate", "--cohort", cohort, "--predictions", f"m={good}", "--out", out).code == 0
    before = {name: (out / name).read_bytes() for name in files_below(out)}
    bad = scores("bad.csv", r3={"Mass": 7})
    cxrtune("evaluate", "--cohort", cohort, "--predictions", f"m={bad}", "--out", out).refused()
    assert {name: (out / name).read_bytes() for name in files_below(out)} == before
    assert json.loads(before["results.json"])
