"""The command as a whole: everything at once, its list, its exit codes, its words."""

import csv
import os
import shutil
from pathlib import Path

import pytest

from cxrtune.cohort.problem import Kind
from cxrtune.cohort.releases import RELEASES
from cxrtune.cohort.shipped import NIH_TABLE, shipped_table


def _spoil(folder):
    """One problem of many kinds, in one folder."""
    rows = folder.rows
    rows[0]["Finding Labels"] = "Pneumonitis"
    rows[1]["Patient Age"] = "412"
    rows[2]["Patient ID"] = ""
    folder.write_table()
    folder.write_table("Data_Entry_2017.csv")
    mine = [row["Image Index"] for row in rows if row["Patient ID"] == "4"]
    folder.write_lists(
        train_val=[i for i in folder.images if i not in folder_test(folder) or i == mine[0]],
        test=[i for i in folder_test(folder) if i != mine[0]],
    )
    (folder.path / "BBox_List_2017.csv").write_text(
        f"Image Index,Finding Label,Bbox [x,y,w,h],,,\n{folder.images[0]},Fracture,1,1,9,9,,,\n"
    )
    folder.file(folder.images[5]).unlink()
    folder.file(folder.images[6]).write_bytes(b"")
    shutil.copy(folder.file(folder.images[8]), folder.file(folder.images[9]))
    shutil.copy(folder.file(folder.images[10]), folder.file("a stranger.png"))
    folder.file("x.png.part").write_bytes(b"x")


def folder_test(folder):
    return [
        row["Image Index"] for row in folder.rows if row["Patient ID"] and int(row["Patient ID"]) % 4 == 0
    ]


KINDS = {
    "missing-image",
    "extra-image",
    "unreadable-image",
    "duplicate-image",
    "odd-name",
    "half-unpacked",
    "table-row",
    "unknown-label",
    "impossible-age",
    "table-release",
    "patient-across-splits",
    "box-list",
}


def test_all_problems_at_once_each_with_file_and_remedy(nih_folder, verify):
    _spoil(nih_folder)
    verified = verify(nih_folder.path, decode=True)
    assert {problem["kind"] for problem in verified.problems} == KINDS
    assert all(problem["file"] and problem["what"] and problem["remedy"] for problem in verified.problems)
    severities = [problem["severity"] for problem in verified.problems]
    assert severities == sorted(severities)  # errors first
    out = verified.seen.out
    assert all(f": {kind} (" in out for kind in KINDS)
    assert "until the errors are mended." in out
    assert verified.seen.code == 1


def test_no_patient_is_named(nih_folder, verify):
    for row in nih_folder.rows:
        row["Patient ID"] = f"MRN-{row['Patient ID']}"
    nih_folder.write_table()
    nih_folder.write_lists(nih_folder.images[:20], nih_folder.images[19:])
    verified = verify(nih_folder.path)
    assert verified.of("patient-across-splits")
    assert "MRN-" not in verified.seen.out + str(verified.problems)


def test_the_list_as_csv(nih_folder, cxrtune, tmp_path):
    _spoil(nih_folder)
    out = tmp_path / "lists" / "problems.csv"
    seen = cxrtune("verify", nih_folder.path, "--no-decode", "--out", out)
    assert f"The whole list: {out}" in seen.out
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["kind", "severity", "file", "what", "remedy"]
    assert {row["kind"] for row in rows} == KINDS


@pytest.mark.parametrize("name", ["problems.txt", "problems", "problems.parquet"])
def test_a_list_of_no_format_is_refused_before_the_work(nih_folder, cxrtune, tmp_path, name):
    text = cxrtune("verify", nih_folder.path, "--out", tmp_path / name).refused(2)
    assert "the list of problems is written as .csv or .jsonl" in text


def test_strict_lets_warnings_fail(nih_folder, verify):
    nih_folder.file(nih_folder.images[0]).unlink()
    assert verify(nih_folder.path).seen.code == 0
    assert verify(nih_folder.path, "--strict").seen.code == 1


def test_quiet_tells_problems_only(nih_folder, cxrtune):
    seen = cxrtune("verify", nih_folder.path, "--no-decode", "--quiet")
    assert (seen.code, seen.out, seen.err) == (0, "", "")
    nih_folder.file(nih_folder.images[1]).write_bytes(b"")
    seen = cxrtune("verify", nih_folder.path, "--no-decode", "--quiet")
    assert seen.code == 1
    assert [line.split(" ")[0] for line in seen.out.split("\n") if line.strip()] == ["error:", "", ""]


def test_no_such_folder(cxrtune, tmp_path):
    text = cxrtune("verify", tmp_path / "nowhere").refused()
    assert "there is no such data folder" in text
    assert "Name the folder that holds images/ and the label table." in text


def test_the_whole_data_set_of_empty_stand_ins(verify, tmp_path):
    """112,120 names: nothing is opened, and the screen stays short."""
    import gzip

    data = gzip.decompress(shipped_table(NIH_TABLE).read_bytes())
    folder = tmp_path / "whole"
    (folder / "images").mkdir(parents=True)
    (folder / "Data_Entry_2017_v2020.csv").write_bytes(data)
    images = [line.split(b",", 1)[0].decode() for line in data.splitlines()[1:]]
    for image in images:
        os.close(os.open(folder / "images" / image, os.O_CREAT))
    verified = verify(folder, decode=True)
    assert {problem["kind"] for problem in verified.problems} == {"unreadable-image"}
    assert len(verified.problems) == len(images) == 112_120
    assert "NIH's release v2020, byte for byte" in verified.seen.out
    assert len(verified.seen.out.splitlines()) < 12


def test_the_docs_name_every_kind_and_both_releases():
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    assert all(f"| `{kind}` |" in page for kind in Kind)
    assert all(f"`{release.sha256}`" in page for release in RELEASES)
