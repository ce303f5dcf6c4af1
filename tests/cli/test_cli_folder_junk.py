"""What systems leave in folders is no image: in no command, whatever it is called."""

import json

import numpy as np
import pandas as pd
import pytest

from cxrtune.heatmaps import read_heatmaps

TWIN = b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(80)
"""AppleDouble: what macOS writes beside each file on a foreign disk, as `._NAME`."""

JUNK = {
    ".DS_Store": b"\0\0\0\1Bud1" + bytes(50),
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50),
    "DICOMDIR": bytes(128) + b"DICM\2\0\0\0UL\4\0\x10\0\0\0",
    "README": b"Images of a study\n",
}


def litter(*folders):
    """Put all of it into folders, with a twin of each file and a hidden folder that has one more."""
    for folder in folders:
        for path in [path for path in folder.iterdir() if path.is_file()]:
            path.with_name(f"._{path.name}").write_bytes(TWIN)
        for name, data in JUNK.items():
            (folder / name).write_bytes(data)
        hidden = folder / ".Trashes"
        hidden.mkdir()
        (hidden / "chest.png").write_bytes(b"x")


@pytest.fixture
def images(prepared, tmp_path):
    """Three radiographs and the rest."""
    place = tmp_path / "in"
    place.mkdir()
    for path in sorted((prepared.data / "images").iterdir())[:3]:
        (place / path.name).write_bytes(path.read_bytes())
    litter(place)
    return place


def names_in(folder):
    return sorted(path.name for path in folder.glob("[!.]*.png"))


@pytest.mark.parametrize("out", ["p.parquet", "shards"])
def test_predict_scores_the_images_alone(cxrtune, small_run, images, tmp_path, out):
    seen = cxrtune("predict", small_run, images, "--out", tmp_path / out)
    assert seen.code == 0, seen.err
    assert "3 of 3 images scored" in seen.out
    assert "predict: passed over: 3 files are not images" in seen.out
    file = tmp_path / out if "." in out else tmp_path / out / "part-00000.parquet"
    assert list(pd.read_parquet(file)["image"]) == names_in(images)


def test_explain_draws_the_images_alone(cxrtune, small_run, images, tmp_path):
    seen = cxrtune("explain", small_run, images, "--out", tmp_path / "maps")
    assert seen.code == 0, seen.err
    assert "explain: passed over: 3 files are not images" in seen.out
    assert sorted(read_heatmaps(tmp_path / "maps" / "heatmaps.safetensors").images) == names_in(images)


def test_a_folder_of_nothing_else_holds_no_images(cxrtune, small_run, tmp_path):
    (tmp_path / "in").mkdir()
    litter(tmp_path / "in")
    for command, out in (("predict", "p.csv"), ("predict", "shards"), ("explain", "maps")):
        text = cxrtune(command, small_run, tmp_path / "in", "--out", tmp_path / out).refused()
        assert "holds no images (PNG, JPEG, TIFF or DICOM)" in text


def test_nihs_folder_gives_the_same_cohort_and_pack_and_no_more_faults(cxrtune, nih_folder, tmp_path):
    def made(place):
        cohort, pack = place / "cohort.parquet", place / "pack"
        seen = cxrtune("cohort", "--data", nih_folder.path, "--out", cohort)
        assert seen.code == 0, seen.err
        size = ("--set", "preprocess.size=64", "--workers", 1)
        seen = cxrtune("pack", "--cohort", cohort, "--data", nih_folder.path, "--out", pack, *size)
        assert seen.code == 0, seen.err
        return pd.read_parquet(cohort), np.load(pack / "pixels.npy")

    cohort, pixels = made(tmp_path / "clean")
    litter(nih_folder.path / "images", nih_folder.path)
    littered, same = made(tmp_path / "littered")
    pd.testing.assert_frame_equal(littered, cohort)
    np.testing.assert_array_equal(same, pixels)
    for decode in ((), ("--no-decode",)):
        seen = cxrtune("verify", nih_folder.path, *decode)
        assert seen.code == 0, seen.err
        assert "40 files" in seen.out
    seen = cxrtune("verify", nih_folder.path, "--cohort", tmp_path / "littered" / "cohort.parquet")
    assert seen.code == 0, seen.err


def test_a_run_on_a_littered_folder_takes_its_images_alone(cxrtune, nih_folder, tmp_path):
    litter(nih_folder.path / "images", nih_folder.path)
    few = ("--set", "preprocess.size=64", "--set", "training.epochs=1", "--set", "baselines=[]")
    seen = cxrtune("run", "--data", nih_folder.path, "--out", tmp_path / "run", "--weights", "random", *few)
    assert seen.code == 0, seen.err
    record = json.loads((tmp_path / "run" / "pack" / "provenance.json").read_text(encoding="utf-8"))
    cohort = pd.read_parquet(tmp_path / "run" / "cohort.parquet")
    assert record["counts"]["images"] == len(cohort)
    assert not cohort["image"].str.startswith(".").any()


def test_ones_own_folder_gives_the_same_cohort(cxrtune, own_data):
    assert cxrtune("cohort", *own_data.options).code == 0
    cohort = own_data.read()
    folder = own_data.path / "images"
    litter(folder, *(path for path in folder.iterdir() if path.is_dir()))
    seen = cxrtune("cohort", *own_data.options)
    assert seen.code == 0, seen.err
    pd.testing.assert_frame_equal(own_data.read(), cohort)
    # A table does not make an image of such a file either.
    own_data.rows[0]["File"] = "ward 0/README"
    seen = cxrtune("cohort", *own_data.options)
    assert "README" in seen.out + seen.err
    assert "ward 0/README" not in own_data.read().index
