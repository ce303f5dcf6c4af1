"""Folders as people have them, through the commands: odd files are told by name, the others are done."""

import os
import shutil
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dicom_made import dicom
from encoded import GREY, chunk, png, saved
from hostile import ANIMATED, CLAIMS_4_GB, MANY_SCANS

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage, which says nothing of the modality
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has such names")


@pytest.fixture(scope="module")
def pixels(prepared):
    """A radiograph, uint8 (160, 160)."""
    first = min((prepared.data / "images").iterdir())
    return cv2.resize(cv2.imread(str(first), cv2.IMREAD_UNCHANGED), None, fx=2, fy=2)


@pytest.fixture(scope="module")
def odd(pixels, tmp_path_factory):
    """Files of every kind that a folder may hold."""
    place = tmp_path_factory.mktemp("odd") / "in"
    place.mkdir()
    image, whole = Image.fromarray(pixels), png(pixels, 8, GREY)
    files = {
        "a.png": whole,
        "b.tif": saved(image, "TIFF", compression="tiff_lzw"),
        "c.IMA": dicom(pixels.astype(int), bits=8),
        "d.dcm": dicom(pixels.astype(int), bits=8, WindowCenter="0", WindowWidth="0"),
        "profile.png": whole[:33] + chunk(b"iCCP", b"x\0\0broken") + whole[33:],
        "moving.png": ANIMATED,
        "four-gigabytes.png": CLAIMS_4_GB,
        "scans.jpg": MANY_SCANS,
        "web.webp": saved(image, "WEBP"),
        "bitmap.bmp": saved(image, "BMP"),
        "lateral.dcm": dicom(pixels.astype(int), bits=8, ViewPosition="LL"),
        "._a.png": b"\0\x05\x16\7" + bytes(80),
        ".DS_Store": b"\0\0\0\1Bud1",
        "README": b"Nothing to see",
        "labels.csv": b"image\n",
        "DICOMDIR": bytes(128) + b"DICM",
    }
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


REASONS = {
    "four-gigabytes.png": "is truncated: its IDAT chunk claims 4,294,967,295 bytes,"
    f" and {len(CLAIMS_4_GB) - 33 - 12} are left",
    "scans.jpg": "has more than 100 JPEG scans",
    "web.webp": "is a WebP file; PNG, JPEG, TIFF and DICOM are read",
    "bitmap.bmp": "is a BMP file; PNG, JPEG, TIFF and DICOM are read",
    "lateral.dcm": "is no frontal radiograph: its View Position is LL;"
    " allow 'lateral' to read it all the same",
}


@pytest.mark.parametrize("kind", ["table", "shards"])
def test_each_file_is_a_row_with_numbers_or_its_reason(cxrtune, small_run, odd, tmp_path, kind):
    out = tmp_path / ("p.parquet" if kind == "table" else "p")
    seen = cxrtune("predict", small_run, odd, "--out", out)
    assert seen.code == 0, seen.err
    table = pd.read_parquet(out if kind == "table" else out / "part-00000.parquet").set_index("image")
    assert table["reason"].dropna().to_dict() == REASONS
    assert sorted(table.index[table["reason"].isna()]) == [
        "a.png",
        "b.tif",
        "c.IMA",
        "d.dcm",
        "moving.png",
        "profile.png",
    ]
    # One image, four files: equal numbers.
    same = table.loc[["a.png", "b.tif", "profile.png"], "Effusion"]
    assert same.nunique() == 1
    assert "predict: passed over: 3 files are not images" in seen.out
    assert "d.dcm: a window of width 0 is taken as not set" in seen.err
    assert "Traceback" not in seen.err
    for line in seen.err.splitlines():
        assert line.startswith("warning: predict: "), line


def test_what_is_allowed_is_taken(cxrtune, small_run, odd, tmp_path):
    out = tmp_path / "p.csv"
    assert cxrtune("predict", small_run, odd, "--out", out, "--allow", "lateral").code == 0
    table = pd.read_csv(out).set_index("image")
    assert table["reason"].dropna().to_dict() == {
        name: reason for name, reason in REASONS.items() if name != "lateral.dcm"
    }
    assert 0 < table.loc["lateral.dcm", "Effusion"] < 1


@ON_LINUX
@pytest.mark.parametrize("out", ["p.parquet", "p.csv", "p.jsonl", "shards"])
def test_a_name_that_is_not_utf8_is_written_out_and_scored(cxrtune, small_run, pixels, tmp_path, out):
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.png").write_bytes(png(pixels, 8, GREY))
    with open(os.fsencode(place) + b"/Kr\xfcger.png", "wb") as file:  # noqa: PTH123  a Path is text
        file.write(png(pixels, 8, GREY))
    with open(os.fsencode(place) + b"/M\xfcller.png", "wb") as file:  # noqa: PTH123
        file.write(b"")
    seen = cxrtune("predict", small_run, place, "--out", tmp_path / out)
    assert seen.code == 0, seen.err
    assert "2 of 3 images scored" in seen.out
    assert "M\\xfcller.png is not scored: the file is empty" in seen.err
    if out == "p.parquet":
        table = pd.read_parquet(tmp_path / out).set_index("image")
        assert list(table.index) == ["Kr\\xfcger.png", "M\\xfcller.png", "a.png"]
        assert table.loc["a.png", "Effusion"] == table.loc["Kr\\xfcger.png", "Effusion"]
    # The same again is skipped: names go into the record too.
    assert "unchanged" in cxrtune("predict", small_run, place, "--out", tmp_path / out).out


def images_at(folder, *names, data):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (("1.2.3.11", "1.2.3.12"), ["1.2.3.11", "1.2.3.12"]),
        (("chest.DICOM", "chest.dcm"), ["chest.DICOM", "chest.dcm"]),
        (("A/IM1", "B/IM1"), ["A/IM1", "B/IM1"]),
        (("A/x.dcm", "A/y.dcm"), ["x", "y"]),
        (("A/Chest.dcm", "B/chest.dcm"), ["A/Chest", "B/chest"]),
    ],
    ids=str,
)
def test_each_image_has_a_folder_of_heatmaps_of_its_own_in_the_output(
    cxrtune, small_run, pixels, tmp_path, names, folders
):
    place = images_at(tmp_path / "in", *names, data=dicom(pixels.astype(int), bits=8))
    before = set(place.rglob("*"))
    out = tmp_path / "maps"
    # By absolute paths, which must not lead out of the output.
    seen = cxrtune(
        "explain", small_run, *(place / name for name in names), "--out", out, "--finding", "Effusion"
    )
    assert seen.code == 0, seen.err
    assert sorted(path.parent.relative_to(out).as_posix() for path in out.rglob("Effusion.png")) == folders
    assert set(place.rglob("*")) == before
    assert "2 heatmaps of 2 images" in seen.out


@pytest.fixture(scope="module")
def without_modality(prepared, tmp_path_factory):
    """A cohort of DICOM files that state no modality, as public sets that were stripped of everything do."""
    place = tmp_path_factory.mktemp("stripped")
    table = pd.read_parquet(prepared.cohort)
    (place / "images").mkdir()
    for name in table["image"]:
        grey = cv2.imread(str(prepared.data / "images" / name), cv2.IMREAD_UNCHANGED)
        made = dicom(grey.astype(int), bits=8, Modality=None, SOPClassUID=CAPTURE)
        (place / "images" / name).with_suffix(".dicom").write_bytes(made)
    table["image"] = "images/" + table["image"].str.replace(".png", ".dicom")
    table.to_parquet(place / "cohort.parquet", index=False)
    return place


def test_pack_and_verify_take_what_is_allowed(cxrtune, without_modality, tmp_path):
    data = without_modality
    pack = ("pack", "--cohort", data / "cohort.parquet", "--data", data, "--out", tmp_path / "pack")
    size = ("--set", "preprocess.size=64")
    assert "allow 'modality'" in cxrtune(*pack, *size).refused()
    assert cxrtune(*pack, *size, "--allow", "modality").code == 0
    # Another allowance is another pack.
    assert "unchanged" in cxrtune(*pack, *size, "--allow", "modality").out
    verify = ("verify", data, "--cohort", data / "cohort.parquet", "--out", tmp_path / "problems.csv")
    assert cxrtune(*verify).code == 1
    problems = pd.read_csv(tmp_path / "problems.csv")
    unreadable = problems[problems["kind"] == "unreadable-image"]
    assert len(unreadable) == 90
    assert unreadable["what"].str.startswith("has no modality").all()
    # What is refused is not damaged: fetching it again would not help.
    assert not unreadable["remedy"].str.contains("download").any()
    cxrtune(*verify, "--allow", "modality")
    assert not (pd.read_csv(tmp_path / "problems.csv")["kind"] == "unreadable-image").any()


@pytest.mark.long
def test_run_takes_what_is_allowed(cxrtune, without_modality, tmp_path):
    few = ("--set", "preprocess.size=64", "--set", "training.epochs=1", "--views", 1, "--weights", "random")
    command = ("run", "--cohort", without_modality / "cohort.parquet", "--data", without_modality)
    seen = cxrtune(*command, "--out", tmp_path / "run", *few, "--allow", "modality", "--set", "baselines=[]")
    assert seen.code == 0, seen.err
    assert (tmp_path / "run" / "report" / "index.html").is_file()
    shutil.rmtree(tmp_path / "run")


def test_sixteen_bits_of_tiff_reach_the_pack(cxrtune, prepared, pixels, tmp_path):
    table = pd.read_parquet(prepared.cohort)
    (tmp_path / "images").mkdir()
    for name in table["image"]:
        grey = cv2.imread(str(prepared.data / "images" / name), cv2.IMREAD_UNCHANGED)
        deep = grey.astype(np.uint16) * 257
        Image.fromarray(deep).save(tmp_path / "images" / name.replace(".png", ".tif"))
    table["image"] = "images/" + table["image"].str.replace(".png", ".tif")
    table.to_parquet(tmp_path / "cohort.parquet", index=False)
    pack = ("pack", "--cohort", tmp_path / "cohort.parquet", "--data", tmp_path, "--out", tmp_path / "pack")
    assert cxrtune(*pack, "--set", "preprocess.size=64").code == 0
    packed = np.load(tmp_path / "pack" / "pixels.npy", mmap_mode="r")
    assert packed.dtype == np.float16
    # float16 keeps eleven bits of what the 8-bit images are, rounded to whole grey values.
    of_8_bits = np.load(prepared.pack / "pixels.npy", mmap_mode="r").astype(float)
    assert np.abs(packed.astype(float) - of_8_bits).max() <= 0.5 + 0.125
