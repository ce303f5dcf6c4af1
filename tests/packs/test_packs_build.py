"""A pack against the images it was made from, decoded one by one."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from command_line import files_below
from cxrtune.errors import DataError, StaleInputError
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_packed
from cxrtune.packs.pack import open_pack
from cxrtune.recipe import PreprocessSpec
from nih_folder import image_of, write_nih_folder

WHOLE = {"pixels.npy", "unreadable.csv", "provenance.json"}


@pytest.fixture
def cohort(nih_folder, cxrtune, tmp_path):
    """The cohort of the tiny folder, in an order that is not that of the names."""
    np.random.default_rng(5).shuffle(nih_folder.rows)
    nih_folder.write_table()
    file = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--protocol", "nih14", "--out", file).code == 0
    assert list(pd.read_parquet(file)["image"]) == nih_folder.images != sorted(nih_folder.images)
    return file


@pytest.fixture
def pack(nih_folder, cohort, cxrtune, tmp_path):
    """Return a function that packs the tiny folder at 32 px."""

    def run(*options, out: Path = tmp_path / "pack"):
        return cxrtune(
            *("pack", "--cohort", cohort, "--data", nih_folder.path, "--out", out),
            *("--set", "preprocess.size=32", "--workers", 1, *options),
        )

    return run


def listed(folder: Path) -> dict[str, str]:
    with (folder / "unreadable.csv").open(encoding="utf-8", newline="") as stream:
        return {row["image"]: row["reason"] for row in csv.DictReader(stream)}


def test_a_pack_is_the_images_decoded_one_by_one_in_the_cohorts_order(nih_folder, pack, tmp_path):
    assert pack().code == 0
    pixels = np.load(tmp_path / "pack" / "pixels.npy")
    assert pixels.dtype == np.uint8
    assert pixels.shape == (40, 32, 32)
    spec = PreprocessSpec(size=32)
    one_by_one = [to_packed(read_radiograph(nih_folder.file(image)), spec) for image in nih_folder.images]
    np.testing.assert_array_equal(pixels, one_by_one)
    # And without any of cxrtune: the image of each name was drawn from its place in the first table.
    for number, image in enumerate(sorted(nih_folder.images)):
        means = image_of(number).reshape(32, 2, 32, 2).mean(axis=(1, 3))
        assert np.abs(pixels[nih_folder.images.index(image)] - means).max() <= 0.501
    assert listed(tmp_path / "pack") == {}
    assert files_below(tmp_path / "pack") == WHOLE


def test_images_of_more_than_8_bits_keep_more_beside_those_of_8(nih_folder, pack, tmp_path):
    image = nih_folder.images[7]
    deep = image_of(7).astype(np.uint16) * 200 + 77
    assert cv2.imwrite(str(nih_folder.file(image)), deep)
    assert pack().code == 0
    pixels = np.load(tmp_path / "pack" / "pixels.npy")
    assert pixels.dtype == np.float16
    means = deep.reshape(32, 2, 32, 2).mean(axis=(1, 3)) * 255 / 65535
    np.testing.assert_allclose(pixels[7], means, atol=0.07)
    spec = PreprocessSpec(size=32)
    one_by_one = [to_packed(read_radiograph(nih_folder.file(name)), spec) for name in nih_folder.images]
    np.testing.assert_array_equal(pixels, one_by_one)


def test_the_number_of_processes_does_not_change_a_byte(nih_folder, pack, tmp_path):
    nih_folder.file(nih_folder.images[35]).write_bytes(b"")
    for workers in (1, 2):
        assert pack("--workers", workers, "--max-unreadable", 0.1, out=tmp_path / str(workers)).code == 0
    for name in ("pixels.npy", "unreadable.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_unreadable_and_vanished_images_are_listed_and_never_replaced(nih_folder, pack, tmp_path):
    whole = tmp_path / "whole"
    assert pack(out=whole).code == 0
    images = nih_folder.images
    nih_folder.file(images[2]).write_bytes(b"")
    truncated = nih_folder.file(images[11])
    truncated.write_bytes(truncated.read_bytes()[:-100])
    nih_folder.file(images[30]).unlink()
    seen = pack("--max-unreadable", 0.1)
    assert seen.code == 0
    reasons = listed(tmp_path / "pack")
    assert list(reasons) == [images[2], images[11], images[30]]
    assert [reasons[images[row]].split(":")[0] for row in (2, 11, 30)] == [
        "the file is empty (0 bytes)",
        "is truncated",
        "cannot be read",
    ]
    for image in reasons:
        assert f"warning: pack: {image} is left out: {reasons[image]}" in seen.err
    assert "37 of 40 images decoded" in seen.out
    pixels, before = (np.load(folder / "pixels.npy") for folder in (tmp_path / "pack", whole))
    gone = [2, 11, 30]
    assert not pixels[gone].any()
    np.testing.assert_array_equal(np.delete(pixels, gone, axis=0), np.delete(before, gone, axis=0))
    readable = open_pack(tmp_path / "pack", np.array(images, dtype=object)).readable
    assert list(np.flatnonzero(~readable)) == gone
    record = json.loads((tmp_path / "pack" / "provenance.json").read_text())
    assert record["counts"]["unreadable"] == 3
    assert [note.split()[0] for note in record["notes"]] == list(reasons)


@pytest.mark.parametrize(
    ("broken", "allowed", "code"), [(0, 0, 0), (1, 0, 1), (4, 0.1, 0), (5, 0.1, 1), (1, None, 1)]
)
def test_more_unreadable_images_than_allowed_stop_the_pack_and_leave_nothing(
    nih_folder, pack, tmp_path, broken, allowed, code
):
    for image in nih_folder.images[:broken]:
        nih_folder.file(image).write_bytes(b"no image")
    seen = pack(*(() if allowed is None else ("--max-unreadable", allowed)))
    if code:
        message = seen.refused()
        assert f"{broken} of 40 images are unreadable" in message
        assert nih_folder.images[0] in message
        assert "--max-unreadable" in message
        assert not files_below(tmp_path / "pack")
    else:
        assert seen.code == 0, seen.err
        assert files_below(tmp_path / "pack") == WHOLE


def test_the_wrong_data_folder_is_named(nih_folder, cohort, cxrtune, tmp_path):
    for number, image in enumerate(nih_folder.images):
        nih_folder.file(image).rename(nih_folder.file(f"{number}.png"))
    message = cxrtune(
        "pack", "--cohort", cohort, "--data", nih_folder.path, "--out", tmp_path / "p"
    ).refused()
    assert str(nih_folder.path) in message
    assert nih_folder.images[0] in message
    assert "--data" in message


def test_a_folder_may_have_a_dot_in_its_name(pack, tmp_path):
    out = tmp_path / "pack-v1.2"
    assert pack(out=out).code == 0
    assert files_below(out) == WHOLE
    assert "unchanged" in pack(out=out).out


def test_the_codecs_own_complaints_stay_off_the_terminal(nih_folder, cohort, tmp_path):
    damaged = nih_folder.file(nih_folder.images[0])
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 255
    damaged.write_bytes(data)
    command = ["pack", "--cohort", cohort, "--data", nih_folder.path, "--out", tmp_path / "pack"]
    done = subprocess.run(
        [sys.executable, "-m", "cxrtune", *command, "--max-unreadable", "0.1", "--workers", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["warning:"]


@pytest.fixture(scope="module")
def made(tmp_path_factory, quietly):
    """One pack, made once."""
    place = tmp_path_factory.mktemp("made")
    folder, cohort = write_nih_folder(place / "nih"), place / "cohort.parquet"
    quietly("cohort", "--data", folder.path, "--protocol", "nih14", "--out", cohort)
    quietly(
        *("pack", "--cohort", cohort, "--data", folder.path, "--out", place / "pack"),
        *("--set", "preprocess.size=32", "--workers", 1),
    )
    return place / "pack", folder.images


@pytest.fixture
def packed(made, tmp_path):
    """A copy to spoil, and the names of its images."""
    folder, images = made
    shutil.copytree(folder, tmp_path / "pack")
    return tmp_path / "pack", np.array(images, dtype=object)


def test_an_opened_pack_reads_from_disk(packed):
    folder, images = packed
    pack = open_pack(folder, images)
    assert isinstance(pack.pixels, np.memmap)
    assert not pack.pixels.flags.writeable
    assert pack.spec == PreprocessSpec(size=32)
    assert pack.readable.all()


@pytest.mark.parametrize("change", ["one less", "another order", "another name"])
def test_a_pack_of_another_cohort_is_refused(packed, change):
    folder, images = packed
    if change == "one less":
        images = images[:-1]
    elif change == "another order":
        images[[0, 1]] = images[[1, 0]]
    else:
        images[7] = "stranger.png"
    with pytest.raises(StaleInputError, match="another cohort"):
        open_pack(folder, images)


def _cut(folder):
    os.truncate(folder / "pixels.npy", 5000)


def _empty(folder):
    (folder / "pixels.npy").write_bytes(b"")


def _no_array(folder):
    (folder / "pixels.npy").write_bytes(b"no array" * 9000)


def _no_list(folder):
    (folder / "unreadable.csv").unlink()


def _binary_list(folder):
    (folder / "unreadable.csv").write_bytes(b"\xff\xfe\x00")


def _other_list(folder):
    (folder / "unreadable.csv").write_text("name,why\na,b\n")


def _damaged_record(folder):
    (folder / "provenance.json").write_text("{")


def _no_record(folder):
    (folder / "provenance.json").unlink()


@pytest.mark.parametrize(
    "spoil",
    [_cut, _empty, _no_array, _no_list, _binary_list, _other_list, _damaged_record, _no_record],
    ids=lambda f: f.__name__,
)
def test_a_damaged_pack_is_refused_by_name(packed, spoil):
    folder, images = packed
    spoil(folder)
    with pytest.raises(DataError) as refused:
        open_pack(folder, images)
    assert str(folder) in str(refused.value)
    assert refused.value.remedy
    assert len(str(refused.value).splitlines()) == 2


def test_a_record_of_another_stage_is_no_packs(packed):
    folder, images = packed
    file = folder / "provenance.json"
    record = json.loads(file.read_text())
    record["counts"], record["settings"] = {"images": 40}, {}
    file.write_text(json.dumps(record))
    with pytest.raises(StaleInputError):
        open_pack(folder, images)
