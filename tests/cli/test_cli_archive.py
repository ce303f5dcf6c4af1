"""`cxrtune predict --out FOLDER`: shards like one table, what is kept, what is refused."""

import gc
import json
import os
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

from archives_made import contents, parts, table
from command_line import files_below

TORCH = ("--engine", "torch")


@pytest.fixture(scope="module")
def images(prepared, tmp_path_factory):
    """Ten radiographs, one empty file, one text that is called an image, and links."""
    place = tmp_path_factory.mktemp("archived") / "à trier"
    (place / "deep").mkdir(parents=True)
    files = sorted((prepared.data / "images").iterdir())[:10]
    for number, path in enumerate(files):
        os.link(path, place / ("deep" if number > 7 else ".") / f"thorax é {number}.png")
    (place / "empty.png").write_bytes(b"")
    (place / "text.png").write_text("no image")
    (place / "link.png").symlink_to(files[0])
    (place / "deep" / "round").symlink_to(place)
    return place


@pytest.fixture
def score(cxrtune, small_run, images):
    def run(out, *more):
        return cxrtune("predict", small_run, images, "--out", out, *TORCH, *more)

    return run


def test_shards_hold_what_one_table_holds(score, tmp_path):
    assert score(tmp_path / "one.parquet").code == 0
    seen = score(tmp_path / "many")
    assert seen.code == 0, seen
    assert "11 of 13 images scored by torch, float32 in 1 shards" in seen.out
    assert "empty.png is not scored: the file is empty (0 bytes)" in seen.err
    one, many = pq.read_table(tmp_path / "one.parquet"), pq.read_table(parts(tmp_path / "many")[0])
    assert many.schema.remove_metadata() == one.schema.remove_metadata()
    pd.testing.assert_frame_equal(table(tmp_path / "many"), one.to_pandas(), rtol=1e-5)
    assert many.schema.metadata[b"cxrtune"] == one.schema.metadata[b"cxrtune"]


def test_a_shard_has_its_images_in_order_and_the_card(score, tmp_path):
    seen = score(tmp_path / "whole", "--workers", 2)
    assert seen.code == 0, seen
    assert score(tmp_path / "out", "--shard-size", 5).code == 0
    assert [pq.read_metadata(part).num_rows for part in parts(tmp_path / "out")] == [5, 5, 3]
    pd.testing.assert_frame_equal(table(tmp_path / "out"), table(tmp_path / "whole"), rtol=1e-4, atol=1e-5)
    for part in parts(tmp_path / "out"):
        card = json.loads(pq.read_schema(part).metadata[b"cxrtune"])
        assert len(card["sha256"]) == 64
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["counts"] == {"images": 13, "scored": 11, "flagged": record["counts"]["flagged"]}
    assert len(record["outputs"]) == 4


def test_columns_have_the_same_types_where_nothing_could_be_scored(score, tmp_path):
    assert score(tmp_path / "out", "--shard-size", 1).code == 0
    schemas = {pq.read_schema(part).remove_metadata() for part in parts(tmp_path / "out")}
    assert len(schemas) == 1


def test_the_same_again_is_skipped_and_a_missing_shard_alone_is_scored(score, tmp_path):
    out = tmp_path / "out"
    assert score(out, "--shard-size", 5).code == 0
    assert "inputs and settings are unchanged" in score(out, "--shard-size", 5).out
    before = contents(out)
    times = {part: part.stat().st_mtime_ns for part in parts(out)}
    parts(out)[1].unlink()
    seen = score(out, "--shard-size", 5)
    assert seen.code == 0, seen
    assert "8 of 13 images were scored before and are kept" in seen.out
    assert contents(out) == before
    assert [part.stat().st_mtime_ns == time for part, time in times.items()] == [True, False, True]


@pytest.mark.parametrize(
    ("more", "named"),
    [(("--refuse",), "refuse"), (("--shard-size", 4), "shard_size"), (("--allow", "lateral"), "allow")],
)
def test_other_settings_are_refused_until_begun_anew(score, tmp_path, more, named):
    out = tmp_path / "out"
    assert score(out).code == 0
    before = contents(out)
    message = score(out, *more).refused()
    assert f"holds shards of other work: not the same {named}" in message
    assert "--anew" in message
    assert contents(out) == before
    score(out, "--anew", *more)  # with --refuse not one has numbers: they are all tiny
    assert len(table(out)) == 13
    again = score(out, *more)
    if named == "refuse":  # what ended without one score is no finished work
        assert "not one image could be scored" in again.refused()
    else:
        assert "inputs and settings are unchanged" in again.out


def test_a_file_that_changed_is_other_work(cxrtune, small_run, images, tmp_path):
    (tmp_path / "in").mkdir()
    for path in sorted(images.glob("thorax*"))[:2]:
        os.link(path, tmp_path / "in" / path.name)
    command = ("predict", small_run, tmp_path / "in", "--out", tmp_path / "out", *TORCH)
    assert cxrtune(*command).code == 0
    (tmp_path / "in" / "new.png").write_bytes(path.read_bytes())
    assert "not the same images" in cxrtune(*command).refused()


def test_shards_without_their_plan_are_refused(score, tmp_path):
    out = tmp_path / "out"
    assert score(out).code == 0
    (out / "plan.parquet").write_bytes(b"PAR1")
    (out / "provenance.json").unlink()
    assert "there is no plan here, or it is damaged" in score(out).refused()
    (out / "plan.parquet").unlink()
    message = score(out).refused()
    assert "holds shards, but not the plan that they belong to" in message
    assert score(out, "--anew").code == 0


def test_a_damaged_shard_is_named(score, tmp_path):
    out = tmp_path / "out"
    assert score(out, "--shard-size", 5).code == 0
    parts(out)[1].write_bytes(b"PAR1")
    message = score(out, "--shard-size", 5).refused()
    assert "part-00001.parquet: is damaged" in message
    assert "Delete it" in message


def test_nothing_that_can_be_scored_is_an_error_and_the_shards_say_why(cxrtune, small_run, images, tmp_path):
    out = tmp_path / "out"
    message = cxrtune("predict", small_run, images / "empty.png", "--out", out, *TORCH).err
    assert "not one image could be scored" in message
    again = cxrtune("predict", small_run, images / "empty.png", "--out", out, *TORCH).refused()
    assert "not one image could be scored" in again, "a total failure is no finished work"
    assert table(out)["reason"].tolist() == ["the file is empty (0 bytes)"]


def test_a_folder_of_shards_is_evaluated_like_a_table(cxrtune, small_run, prepared, tmp_path):
    out = tmp_path / "shards"
    place = (small_run, prepared.data / "images", "--out", out, "--shard-size", 40, *TORCH)
    assert cxrtune("predict", *place).code == 0
    command = ("evaluate", "--cohort", prepared.cohort, "--predictions", f"ours={out}", "--replicates", 100)
    seen = cxrtune(*command, "--out", tmp_path / "e")
    assert seen.code == 0, seen
    assert cxrtune("predict", small_run, prepared.data / "images", "--out", tmp_path / "p.parquet").code == 0
    one = ("--predictions", f"ours={tmp_path / 'p.parquet'}", "--replicates", 100, "--out", tmp_path / "f")
    assert cxrtune("evaluate", "--cohort", prepared.cohort, *one).code == 0
    found, expected = (json.loads((tmp_path / at / "results.json").read_text()) for at in "ef")
    assert found["models"][0]["macro_auroc"] == pytest.approx(expected["models"][0]["macro_auroc"], abs=1e-3)
    assert found["models"][0]["title"] == expected["models"][0]["title"]
    parts(out)[1].unlink()
    message = cxrtune(*command, "--out", tmp_path / "e").refused()
    assert "holds 2 of 3 parts" in message
    assert "cxrtune predict" in message


def test_shards_of_different_work_are_no_table(score, cxrtune, prepared, tmp_path):
    assert score(tmp_path / "a", "--shard-size", 5).code == 0
    assert score(tmp_path / "b", "--shard-size", 5, "--allow", "lateral").code == 0
    parts(tmp_path / "a")[1].write_bytes(parts(tmp_path / "b")[1].read_bytes())
    command = ("evaluate", "--cohort", prepared.cohort, "--out", tmp_path / "e")
    message = cxrtune(*command, "--predictions", f"m={tmp_path / 'a'}").refused()
    assert "part-00001.parquet: was made by another model or for other images than part-00000" in message
    parts(tmp_path / "a")[1].write_bytes(b"PAR1")
    message = cxrtune(*command, "--predictions", f"m={tmp_path / 'a'}").refused()
    assert "part-00001.parquet: is no part of a table" in message
    (tmp_path / "none").mkdir()
    assert "holds no parts" in cxrtune(*command, "--predictions", f"m={tmp_path / 'none'}").refused()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--out", "out", "--on", "abacus"), ["--on does not know 'abacus'", "local, ray"]),
        (("--out", "p.csv", "--on", "local"), ["--out names one table", "without a suffix"]),
        (("--out", "p.csv", "--workers", "2"), ["--out names one table"]),
        (("--out", "p.csv", "--shard-size", "64"), ["--out names one table"]),
        (("--out", "out", "--address", "127.0.0.1:1"), ["--address", "--on ray"]),
        (("--out", "out", "--cpus-per-worker", "2"), ["--cpus-per-worker", "--on ray"]),
    ],
)
def test_options_that_do_not_go_together(cxrtune, small_run, images, tmp_path, monkeypatch, more, named):
    monkeypatch.chdir(tmp_path)
    message = cxrtune("predict", small_run, images, *more).refused(2)
    for text in named:
        assert text in message
    assert not files_below(tmp_path)


def test_a_cohort_is_no_archive(cxrtune, small_run, prepared, tmp_path):
    command = ("predict", small_run, *prepared.arguments, "--out", tmp_path / "p.csv", "--on", "local")
    assert "a cohort is scored into one table" in cxrtune(*command).refused(2)


def test_a_place_that_is_none_is_named(score, tmp_path):
    (tmp_path / "file").write_text("mine")
    message = score(tmp_path / "file" / "out").refused()
    assert str(tmp_path / "file") in message
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_leaves_whole_shards_and_the_rest_follows(score, small_disk, tmp_path):
    out = small_disk.path / "out"
    assert score(tmp_path / "whole", "--shard-size", 2).code == 0
    ballast = small_disk.fill()
    with ballast.open("r+b") as stream:  # room for the plan and some shards
        stream.truncate(ballast.stat().st_size - 60_000)
    message = score(out, "--shard-size", 2).err
    assert "error: " in message
    assert "the disk is full" in message
    kept = contents(out)
    assert 0 < len(kept) < 7
    assert not [name for name in files_below(out) if "partial" in name]
    small_disk.grow()
    seen = score(out, "--shard-size", 2)
    assert seen.code == 0, seen
    assert "were scored before and are kept" in seen.out
    pd.testing.assert_frame_equal(table(out), table(tmp_path / "whole"))
    gc.collect()  # the writer that failed holds its file until then, and the disk is about to be unmounted


def test_ray_that_is_not_installed_is_asked_for(score, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    message = score(tmp_path / "out", "--on", "ray").refused(2)
    assert "this needs Ray, which is not installed" in message
    assert "pip install 'cxrtune[ray]'" in message
