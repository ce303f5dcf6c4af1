"""Records: what they say, and when a stage may trust them."""

import hashlib
import json
import os
import platform
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from command_line import files_below
from cxrtune.errors import DataError, OutputError, UsageError
from cxrtune.progress import SilentReporter
from cxrtune.provenance import (
    Source,
    is_current,
    key_of,
    read_record,
    record_path,
)
from cxrtune.stage import stage


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "input.csv"
    file.write_text("a,b\n1,2\n")
    return Source.of_file("table", file)


def make(output, source, settings=None, *, files=None, notes=()):
    """Run a stage that writes its files."""
    names = [output.name] if files is None else files
    with stage("stage", output, [source], settings or {}, names, SilentReporter()) as draft:
        for name in names:
            place = record_path(output).parent / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"content of {name}")
        draft.counts = {"rows": 3}
        draft.notes += notes


def test_a_record_says_what_was_read_written_and_with_what(tmp_path, source):
    before = datetime.now(UTC)
    output = tmp_path / "out" / "scores.parquet"
    make(output, source, {"seed": 7, "name": "ünïcode"}, notes=["one left out"])
    raw = json.loads((tmp_path / "out" / "scores.provenance.json").read_text(encoding="utf-8"))
    assert raw["stage"] == "stage"
    data = (tmp_path / "input.csv").read_bytes()
    assert raw["inputs"] == [
        {
            "name": "table",
            "path": str(tmp_path / "input.csv"),
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
        }
    ]
    made = output.read_bytes()
    assert raw["outputs"] == [
        {"name": "scores.parquet", "sha256": hashlib.sha256(made).hexdigest(), "bytes": len(made)}
    ]
    assert raw["settings"] == {"seed": 7, "name": "ünïcode"}
    assert raw["counts"] == {"rows": 3}
    assert raw["notes"] == ["one left out"]
    assert raw["versions"]["python"] == platform.python_version()
    for package in ("cxrtune", "torch", "numpy", "pandas"):
        assert raw["versions"][package] == version(package)
    assert 0 <= raw["seconds"] < 60
    created = datetime.fromisoformat(raw["created"])
    assert created.utcoffset() == timedelta(0)
    assert before - timedelta(seconds=2) <= created <= datetime.now(UTC)
    assert files_below(tmp_path / "out") == {"scores.parquet", "scores.provenance.json"}


@pytest.mark.parametrize(
    ("output", "record"),
    [
        ("cohort.parquet", "cohort.provenance.json"),
        ("scores.logits.parquet", "scores.logits.provenance.json"),
        ("scores.csv", "scores.provenance.json"),
        ("scores.jsonl", "scores.provenance.json"),
        ("model.safetensors", "model.provenance.json"),
        ("pack", "pack/provenance.json"),
        ("pack-v1.2", "pack-v1.2/provenance.json"),
        ("2026.11.23", "2026.11.23/provenance.json"),
    ],
)
def test_the_record_stands_beside_a_file_and_in_a_folder(tmp_path, output, record):
    assert record_path(tmp_path / output) == tmp_path / record


@pytest.mark.parametrize("name", ["scores.parquet", "pack", "pack-v1.2"])
def test_an_unchanged_stage_is_current(tmp_path, source, name):
    output = tmp_path / name
    assert not is_current(output, key_of([source], {}))
    make(output, source, files=[name] if "." in name and name[-1] == "t" else ["a.npy", "b.csv"])
    assert is_current(output, key_of([source], {}))


def test_the_key_is_of_content_and_not_of_places(tmp_path, source):
    copy = tmp_path / "elsewhere.csv"
    copy.write_bytes((tmp_path / "input.csv").read_bytes())
    assert key_of([Source.of_file("table", copy)], {}) == key_of([source], {})
    assert key_of([Source.of_file("lists", copy)], {}) != key_of([source], {})
    assert key_of([source, source], {}) != key_of([source], {})
    assert key_of([source], {"a": 1, "b": 2}) == key_of([source], {"b": 2, "a": 1})
    assert key_of([source], {"a": 1}) != key_of([source], {"a": 2})
    copy.write_text("a,b\n1,3\n")
    assert key_of([Source.of_file("table", copy)], {}) != key_of([source], {})


def _gone(path):
    path.unlink()


def _shorter(path):
    os.truncate(path, path.stat().st_size - 1)


def _another_of_its_size(path):
    path.write_bytes(bytes(reversed(path.read_bytes())))


@pytest.mark.parametrize("change", [_gone, _shorter, _another_of_its_size], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ["a.npy", "b.csv"])
def test_a_changed_output_is_not_current(tmp_path, source, change, name):
    output = tmp_path / "pack"
    make(output, source, files=["a.npy", "b.csv"])
    time.sleep(0.02)  # file systems count time in steps
    change(output / name)
    assert not is_current(output, key_of([source], {}))


def test_a_copied_run_is_still_current(tmp_path, source):
    output = tmp_path / "pack"
    make(output, source, files=["a.npy"])
    time.sleep(0.02)
    (output / "a.npy").touch()  # newer than the record, but the same
    assert is_current(output, key_of([source], {}))


def test_the_same_scores_in_another_format_are_not_there_yet(tmp_path, source):
    make(tmp_path / "scores.parquet", source)
    (tmp_path / "scores.csv").write_text("of another model")
    assert not is_current(tmp_path / "scores.csv", key_of([source], {}))
    assert is_current(tmp_path / "scores.parquet", key_of([source], {}))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_stage_that_fails_leaves_no_record(tmp_path, source, error):
    output = tmp_path / "pack"
    make(output, source, files=["a.npy"])
    with pytest.raises(error), stage("stage", output, [source], {}, ["a.npy"], SilentReporter(), anew=True):
        raise error
    assert not is_current(output, key_of([source], {}))
    assert files_below(output) == {"a.npy"}


def test_a_record_reads_back_as_it_was_written(tmp_path, source):
    make(tmp_path / "pack", source, {"size": 224}, files=["a.npy"])
    record = read_record(tmp_path / "pack" / "provenance.json")
    assert record.inputs == [source]
    assert record.settings == {"size": 224}
    assert record.key == key_of([source], {"size": 224})


DAMAGED = {
    "empty": b"",
    "cut": b'{"stage": "pack", "inp',
    "list": b"[]",
    "number": b"3",
    "null": b"null",
    "of another program": b'{"name": "something"}',
    "binary": b"\xff\xfe\x00\x01",
    "inputs no list": b'{"inputs": 3, "outputs": [], "settings": {}, "counts": {}}',
    "an input with an unknown key": b'{"inputs": [{"x": 1}], "outputs": [], "settings": {}, "counts": {}}',
    "counts no mapping": (
        b'{"stage": "s", "created": "", "key": "", "inputs": [], "outputs": [], "settings": {}, '
        b'"counts": null, "notes": [], "versions": {}, "seconds": 0}'
    ),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_named_with_the_way_out(tmp_path, content):
    path = tmp_path / "pack" / "provenance.json"
    path.parent.mkdir()
    path.write_bytes(content)
    for read in (lambda: read_record(path), lambda: is_current(tmp_path / "pack", "key")):
        with pytest.raises(DataError, match=r"pack.provenance.json.*\nDelete it"):
            read()


def test_a_listing_changes_with_names_sizes_and_times_only(tmp_path):
    files = {name: tmp_path / name for name in ("b.png", "a.png")}
    for path in files.values():
        path.write_bytes(b"1234")
    first = Source.of_listing("images", tmp_path, files)
    assert first.bytes == 8
    assert Source.of_listing("images", tmp_path, dict(reversed(files.items()))) == first
    os.utime(files["a.png"], ns=(1, 1))
    touched = Source.of_listing("images", tmp_path, files)
    assert touched.sha256 != first.sha256
    files["a.png"].unlink()
    gone = Source.of_listing("images", tmp_path, files)
    assert gone.sha256 not in {first.sha256, touched.sha256}
    assert gone.bytes == 4


def test_an_input_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "gone.csv", tmp_path):
        with pytest.raises(DataError, match="cannot be read") as refused:
            Source.of_file("cohort", path)
        assert refused.value.path == path
        assert "cohort" in refused.value.remedy


def test_a_folder_named_like_a_file_is_refused_before_any_work(tmp_path, source):
    with pytest.raises(UsageError, match=r"pack.csv.*folder"):
        make(tmp_path / "pack.csv", source, files=["a.npy"])
    assert files_below(tmp_path) == {"input.csv"}


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="no such file") as refused:
        read_record(tmp_path / "pack" / "provenance.json")
    assert refused.value.path == tmp_path / "pack" / "provenance.json"


def test_a_record_in_a_place_that_is_none_is_named(tmp_path, source):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        make(tmp_path / "file" / "pack", source, files=[])
    assert (tmp_path / "file").read_text() == "mine"
