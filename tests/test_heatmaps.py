"""Heatmaps as files: what is written is read, and what is damaged is named."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from cxrtune.errors import DataError, UsageError
from cxrtune.heatmaps import Heatmaps, read_heatmaps

FINDINGS = ("Mass", "Pleural_Thickening")


def made(images=("a.png", "ü b.png"), findings=FINDINGS, shape=(7, 5), **changes):
    maps = np.random.default_rng(0).normal(size=(len(images), len(findings), *shape)).astype(np.float32)
    maps[0, 0] = np.nan
    fields = {"images": np.array(images, dtype=object), "findings": findings, "maps": maps}
    return Heatmaps(**fields | {"model": "a model", "method": "by hand"} | changes)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "ours.safetensors"
    made().write(path)
    found = read_heatmaps(path)
    assert list(found.images) == ["a.png", "ü b.png"]
    assert (found.findings, found.model, found.method) == (FINDINGS, "a model", "by hand")
    np.testing.assert_array_equal(found.maps, made().maps)
    assert found.maps.dtype == np.float32
    assert [file.name for file in path.parent.iterdir()] == ["ours.safetensors"]


def test_the_same_maps_are_the_same_bytes(tmp_path):
    for name in ("one.safetensors", "two.safetensors"):
        made().write(tmp_path / name)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def test_maps_that_are_no_whole_array_in_memory_are_written_as_they_look(tmp_path):
    turned = made(shape=(5, 5)).maps.transpose(0, 1, 3, 2)
    made(maps=turned).write(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(read_heatmaps(tmp_path / "m.safetensors").maps, turned)


def test_no_image_at_all_is_a_file_too(tmp_path):
    empty = np.empty((0, 2, 7, 7), dtype=np.float32)
    Heatmaps(np.empty(0, dtype=object), FINDINGS, empty, "m", "x").write(tmp_path / "m.safetensors")
    assert read_heatmaps(tmp_path / "m.safetensors").maps.shape == (0, 2, 7, 7)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"m\.npz: heatmaps are written as \.safetensors"):
        made().write(tmp_path / "m.npz")


def infinite():
    maps = made().maps.copy()
    maps[1, 1, 0, 0] = np.inf
    return maps


def half_known():
    maps = made().maps.copy()
    maps[1, 0, 2, 2] = np.nan
    return maps


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            {"maps": made().maps, "findings": ("Mass",)},
            r"maps of \(2, 2\) images and findings, but names of \(2, 1\)",
        ),
        ({"images": np.array(["a.png", "a.png"], dtype=object)}, "image a.png is named more than once"),
        ({"findings": ("Mass", "Mass")}, "finding Mass is named more than once"),
        ({"maps": np.zeros((2, 2, 7), dtype=np.float32)}, r"float32 \(2, 2, 7\), expected float32"),
        ({"maps": np.zeros((2, 2, 7, 7))}, r"float64 \(2, 2, 7, 7\), expected float32"),
        ({"maps": infinite()}, "map of ü b.png for Pleural_Thickening holds a number that is not finite"),
        ({"maps": half_known()}, "map of ü b.png for Mass holds a number that is not finite"),
    ],
)
def test_what_does_not_belong_together_is_neither_written_nor_read(tmp_path, changes, named):
    wrong, path = made(**changes), tmp_path / "m.safetensors"
    with pytest.raises(UsageError, match=named):
        wrong.write(path)
    header = {
        "format": "cxrtune.heatmaps/1",
        "images": list(wrong.images),
        "findings": list(wrong.findings),
        "model": "m",
        "method": "x",
    }
    save_file({"maps": wrong.maps}, path, metadata={"cxrtune": json.dumps(header)})
    with pytest.raises(DataError, match=named):
        read_heatmaps(path)


def save(path, header, name="maps"):
    save_file({name: np.zeros((1, 1, 7, 7), np.float32)}, path, metadata={"cxrtune": json.dumps(header)})


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda path: None, "there is no such file of heatmaps"),
        (lambda path: path.write_bytes(b""), "is no file of heatmaps"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(40)), "is no file of heatmaps"),
        (lambda path: save_file({"maps": np.zeros(3, np.float32)}, path), "its format is 'not given'"),
        (lambda path: save(path, ["a list"]), "is no file of heatmaps"),
        (lambda path: save(path, {"format": "cxrtune.heatmaps/9"}), "expected 'cxrtune.heatmaps/1'"),
        (lambda path: save(path, {"format": "cxrtune.heatmaps/1"}), "its header has no 'images'"),
        (lambda path: save(path, {"format": "cxrtune.heatmaps/1"}, "other"), "is no file of heatmaps"),
    ],
)
def test_a_damaged_file_is_named_with_the_way_out(tmp_path, spoil, named):
    path = tmp_path / "m.safetensors"
    spoil(path)
    with pytest.raises(DataError, match=named) as seen:
        read_heatmaps(path)
    assert str(seen.value).startswith(str(path))
    assert "`cxrtune.experiment.explain`" in str(seen.value)


def test_a_file_that_was_cut_off_is_damaged(tmp_path):
    path = tmp_path / "m.safetensors"
    made().write(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="is no file of heatmaps"):
        read_heatmaps(path)
