"""Stages run again: skipped when nothing changed, done anew when anything did."""

import hashlib
import json
import os
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from command_line import files_below
from nih_folder import image_of, write_nih_folder

SMALL = ("--set", "preprocess.size=32", "--workers", "1")


class Stages:
    """The first two stages on the tiny folder, as a user would type them."""

    def __init__(self, cxrtune, nih_folder, out: Path) -> None:
        self._cxrtune, self.folder, self.out = cxrtune, nih_folder, out
        self.cohort_file, self.pack_folder = out / "cohort.parquet", out / "pack"

    def cohort(self, *options):
        seen = self._cxrtune(
            *(
                "cohort",
                "--data",
                self.folder.path,
                "--out",
                self.cohort_file,
                "--protocol",
                "nih14",
                *options,
            )
        )
        assert seen.code == 0, seen.err
        return seen.out

    def pack(self, *options):
        place = ("--cohort", self.cohort_file, "--data", self.folder.path, "--out", self.pack_folder)
        seen = self._cxrtune("pack", *place, *SMALL, *options)
        assert seen.code == 0, seen.err
        return seen.out


@pytest.fixture(scope="module")
def made(tmp_path_factory, quietly):
    """The tiny folder and its first two stages, made once."""
    place = tmp_path_factory.mktemp("made")
    folder, cohort = write_nih_folder(place / "nih"), place / "run" / "cohort.parquet"
    quietly("cohort", "--data", folder.path, "--out", cohort, "--protocol", "nih14")
    quietly(
        *("pack", "--cohort", cohort, "--data", folder.path, "--out", place / "run" / "pack"),
        *SMALL,
    )
    return place, folder


@pytest.fixture
def stages(cxrtune, made, tmp_path):
    """A copy to change, with the times of its files: another place is no change."""
    place, folder = made
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    return Stages(
        cxrtune, replace(folder, path=tmp_path / "nih", rows=deepcopy(folder.rows)), tmp_path / "run"
    )


def state(folder: Path) -> dict[str, int]:
    """When each file was written."""
    return {name: (folder / name).stat().st_mtime_ns for name in files_below(folder)}


def test_unchanged_stages_are_skipped_and_touch_nothing(stages):
    before = state(stages.out)
    assert "cohort: inputs and settings are unchanged" in stages.cohort()
    assert str(stages.cohort_file) in stages.cohort()
    assert "pack: inputs and settings are unchanged" in stages.pack()
    assert state(stages.out) == before


def test_the_same_table_written_anew_changes_nothing(stages):
    stages.folder.write_table()
    assert "unchanged" in stages.cohort()


def _a_label(stages):
    stages.folder.rows[1]["Finding Labels"] = "Hernia"
    stages.folder.write_table()


def _a_list(stages):
    # A whole patient moves to the test part.
    moved = [row["Image Index"] for row in stages.folder.rows if row["Patient ID"] == "1"]
    stages.folder.write_lists(
        train_val=[image for image in stages.folder.train_val_images if image not in moved],
        test=[*stages.folder.test_images, *moved],
    )


def _an_image_is_gone(stages):
    stages.folder.file(stages.folder.images[0]).unlink()


def _output_gone(stages):
    stages.cohort_file.unlink()


def _output_cut(stages):
    os.truncate(stages.cohort_file, 100)


def _output_changed(stages):
    data = bytearray(stages.cohort_file.read_bytes())
    data[200] ^= 255
    stages.cohort_file.write_bytes(data)


def _record_gone(stages):
    # As after a kill between the table and its record.
    stages.cohort_file.with_suffix(".provenance.json").unlink()


@pytest.mark.parametrize(
    "change",
    [_a_label, _a_list, _an_image_is_gone, _output_gone, _output_cut, _output_changed, _record_gone],
    ids=lambda f: f.__name__,
)
def test_a_cohort_is_made_anew_when_anything_changed(stages, change):
    change(stages)
    assert "unchanged" not in stages.cohort()
    frame = pd.read_parquet(stages.cohort_file).set_index("image")
    on_disk = {path.name for path in (stages.folder.path / "images").iterdir()}
    assert set(frame.index) == on_disk
    test = set((stages.folder.path / "test_list.txt").read_text().split())
    assert set(frame.index[frame["split"] == "test"]) == test & on_disk
    for image in on_disk:
        assert {f for f in frame.columns[6:] if frame.at[image, f] == 1} == stages.folder.labels(image)
    assert "unchanged" in stages.cohort()


@pytest.mark.parametrize("option", [("--seed", "1"), ("--protocol", "nih8"), ("--metadata-only",)])
def test_another_setting_makes_the_cohort_anew(stages, option):
    assert "unchanged" not in stages.cohort(*option)
    assert "unchanged" in stages.cohort(*option)


def _an_image(stages):
    Image.fromarray(image_of(99)).save(stages.folder.file(stages.folder.images[4]))


def _the_cohort(stages):
    _a_label(stages)
    stages.cohort()


def _pixels_gone(stages):
    (stages.pack_folder / "pixels.npy").unlink()


def _pixels_changed(stages):
    with (stages.pack_folder / "pixels.npy").open("r+b") as stream:
        stream.seek(-50, os.SEEK_END)
        stream.write(b"\1\2\3\4")


def _pack_record_gone(stages):
    (stages.pack_folder / "provenance.json").unlink()


@pytest.mark.parametrize(
    "change",
    [_an_image, _the_cohort, _pixels_gone, _pixels_changed, _pack_record_gone],
    ids=lambda f: f.__name__,
)
def test_a_pack_is_made_anew_when_anything_changed(stages, change, cxrtune, tmp_path):
    change(stages)
    assert "unchanged" not in stages.pack()
    fresh = tmp_path / "fresh"
    place = ("--cohort", stages.cohort_file, "--data", stages.folder.path, "--out", fresh)
    assert cxrtune("pack", *place, *SMALL).code == 0
    assert (stages.pack_folder / "pixels.npy").read_bytes() == (fresh / "pixels.npy").read_bytes()
    assert "unchanged" in stages.pack()


def test_another_size_makes_the_pack_anew(stages):
    assert "decoded to 64 px" in stages.pack("--set", "preprocess.size=64")
    assert "unchanged" in stages.pack("--set", "preprocess.size=64")


def test_the_number_of_processes_does_not_make_the_pack_anew(stages):
    assert "unchanged" in stages.pack("--workers", "2")


def test_a_damaged_record_is_named_and_kept(stages, cxrtune):
    record = stages.cohort_file.with_suffix(".provenance.json")
    record.write_text('{"stage": "coh')
    command = ("cohort", "--data", stages.folder.path, "--out", stages.cohort_file, "--protocol", "nih14")
    message = cxrtune(*command).refused()
    assert str(record) in message
    assert "Delete it" in message
    assert record.read_text() == '{"stage": "coh'
    record.unlink()
    assert cxrtune(*command).code == 0


def test_the_records_tell_what_each_stage_read(cxrtune, nih_folder, tmp_path):
    stages = Stages(cxrtune, nih_folder, tmp_path / "run")
    stages.cohort()
    stages.pack()
    cohort = json.loads((stages.out / "cohort.provenance.json").read_text())
    pack = json.loads((stages.pack_folder / "provenance.json").read_text())

    def sha256(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert [record["stage"] for record in (cohort, pack)] == ["cohort", "pack"]
    read = {source["name"]: source for source in cohort["inputs"]}
    for name in ("Data_Entry_2017_v2020.csv", "train_val_list.txt", "test_list.txt"):
        assert read[name]["sha256"] == sha256(stages.folder.path / name)
        assert read[name]["path"] == str(stages.folder.path / name)
    size = sum(path.stat().st_size for path in (stages.folder.path / "images").iterdir())
    assert read["images"]["bytes"] == size
    assert cohort["settings"]["protocol"] == "nih14"
    assert cohort["settings"]["seed"] == 0
    assert cohort["counts"]["in_table"] == cohort["counts"]["kept"] == 40
    assert sum(cohort["counts"][split] for split in ("train", "validation", "test")) == 40
    assert cohort["counts"]["patients"] == 24

    assert {source["name"]: source["sha256"] for source in pack["inputs"]}["cohort"] == sha256(
        stages.cohort_file
    )
    assert pack["settings"]["preprocess"]["size"] == 32
    assert pack["counts"]["images"] == 40
    assert pack["counts"]["unreadable"] == 0
    for record, folder in ((cohort, stages.out), (pack, stages.pack_folder)):
        for output in record["outputs"]:
            assert output["sha256"] == sha256(folder / output["name"])
            assert output["bytes"] == (folder / output["name"]).stat().st_size


def test_a_run_folder_that_was_moved_is_still_current(stages):
    moved = stages.out.with_name("moved")
    stages.out.rename(moved)
    stages.cohort_file, stages.pack_folder = moved / "cohort.parquet", moved / "pack"
    assert "unchanged" in stages.cohort()
    assert "unchanged" in stages.pack()
