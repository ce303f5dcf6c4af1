"""`Cohort`: how one is made, what it counts, and what is refused."""

import gc
import shutil

import numpy as np
import pandas as pd
import pytest

import cxrtune as cx
from cxrtune.errors import DataError, OutputError, UsageError


def test_a_folder_in_the_layout_of_nih(nih_folder):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    assert len(cohort) == len(cohort.frame)
    assert cohort.images == nih_folder.path
    summary = cohort.summary()
    assert list(summary.index) == ["train", "validation", "test", "total"]
    assert list(summary.columns) == ["images", "patients", *cohort.findings]
    assert summary.loc["total", "images"] == len(cohort)
    assert summary.loc["total", "patients"] == cohort.frame["patient"].nunique()
    part = cohort.frame.query("split == 'test'")
    assert summary.loc["test", "Effusion"] == (part["Effusion"] == 1).sum()
    assert summary.to_numpy().dtype == np.int64


def test_the_other_protocol_and_seed(nih_folder):
    fourteen = cx.Cohort.from_nih(nih_folder.path, protocol="nih14", seed=3)
    assert len(fourteen.findings) == 14
    assert len(fourteen) > len(cx.Cohort.from_nih(nih_folder.path))


def test_a_cohort_in_short_and_inline(nih_folder):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    assert repr(cohort).startswith(f"Cohort({len(cohort)} images of ")
    assert len(repr(cohort)) < 200
    shown = cohort._repr_html_()
    for finding in cohort.findings:
        assert finding in shown


def test_the_frame_is_a_copy(nih_folder):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    frame = cohort.frame
    frame["split"] = "test"
    assert "train" in set(cohort.frame["split"])


def test_what_is_saved_is_read_again_with_the_folder_of_its_images(nih_folder, tmp_path):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    file = cohort.save(tmp_path / "kept/cohort.parquet")
    again = cx.Cohort.read(file)
    pd.testing.assert_frame_equal(again.frame, cohort.frame)
    assert again.images == nih_folder.path
    assert again.save(file) == file
    other = cx.Cohort.read(str(file), images=str(tmp_path))
    assert other.images == tmp_path
    with pytest.raises(UsageError, match="is written as"):
        cohort.save(tmp_path / "cohort.csv")


def test_a_saved_cohort_under_another_name_is_whole_too(nih_folder, tmp_path):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    again = cx.Cohort.read(cohort.save(tmp_path / "ours.parquet"))
    pd.testing.assert_frame_equal(again.frame, cohort.frame)


def test_the_table_of_a_cohort_goes_with_it(nih_folder):
    cohort = cx.Cohort.from_nih(nih_folder.path)
    place = cohort._file.parent
    assert place.is_dir()
    del cohort
    gc.collect()
    assert not place.exists()


def test_what_fails_leaves_no_table(nih_folder, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UsageError):
        cx.Cohort.from_nih(nih_folder.path, protocol="nih9")
    assert not list(tmp_path.glob("cxrtune-cohort-*"))


def test_a_table_of_ones_own_with_a_map(own_data):
    named = dict(zip(own_data.options[::2], own_data.options[1::2], strict=True))
    table, images, columns = named["--csv"], named["--images"], named["--map"]
    cohort = cx.Cohort.from_csv(table, images, columns)
    assert cohort.images == images
    assert set(cohort.summary().index) >= {"train", "total"}
    several = cx.Cohort.from_csv([table], str(images), str(columns), uncertain="positive")
    assert len(several) == len(cohort)


@pytest.mark.parametrize("wrong", [3, None, b"nih", ["nih"]])
def test_paths_of_wrong_types(wrong):
    calls = {
        "folder": (lambda: cx.Cohort.from_nih(wrong), lambda: cx.Cohort.from_phantoms(wrong)),
        "file": (lambda: cx.Cohort.read(wrong),),
    }
    for name, each in calls.items():
        for call in each:
            with pytest.raises(UsageError, match=f"`{name}` is an object of type {type(wrong).__name__}"):
                call()
    with pytest.raises(UsageError, match="`path` is an object of type"):
        cx.load_results(wrong)


def test_folders_and_files_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no such folder") as caught:
        cx.Cohort.from_nih(tmp_path / "nih")
    assert caught.value.path == tmp_path / "nih"
    with pytest.raises(DataError, match="there is no such cohort"):
        cx.Cohort.read(tmp_path / "cohort.parquet")
    with pytest.raises(DataError, match="there is no such folder"):
        cx.load_results(tmp_path / "run")
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError):
        cx.load_results(tmp_path / "run")


def test_phantoms_are_drawn_once(tmp_path):
    first = cx.Cohort.from_phantoms(tmp_path / "phantoms", images=12, size=64)
    changed = (tmp_path / "phantoms/images").stat().st_mtime_ns
    again = cx.Cohort.from_phantoms(tmp_path / "phantoms", images=12, size=64)
    assert (tmp_path / "phantoms/images").stat().st_mtime_ns == changed
    pd.testing.assert_frame_equal(first.frame, again.frame)
    with pytest.raises(OutputError):
        cx.Cohort.from_phantoms(tmp_path, images=12, size=64)


def test_a_cohort_whose_table_is_gone_says_so(nih_folder, tmp_path):
    file = cx.Cohort.from_nih(nih_folder.path).save(tmp_path / "kept/cohort.parquet")
    cohort = cx.Cohort.read(file)
    shutil.rmtree(file.parent)
    with pytest.raises(DataError, match="the cohort's table was moved or deleted"):
        cx.evaluate(cohort, {"a": "a.csv"})
    with pytest.raises(DataError, match="the cohort's table was moved or deleted"):
        cx.train(cohort, tmp_path / "run")
