"""`cxrtune download` as its user sees it."""

import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_host import drops, says, stalls
from small_set import packed


def arguments(data_set, *options):
    return ("download", "small", "--to", data_set.folder, "--catalogue", data_set.catalogue, *options)


def test_the_command_says_what_it_does_and_what_to_do_next(data_set, cxrtune):
    data_set.write_catalogue()
    seen = cxrtune(*arguments(data_set))
    assert (seen.code, seen.err) == (0, "")
    lines = seen.out.splitlines()
    start = f"A small set: 4 of 4 files to fetch or unpack, 722.3 kB to fetch, to {data_set.folder}"
    assert lines[0] == start
    assert lines[1:3] == ["Terms of use: https://example.org/terms", "Please cite its makers."]
    assert "table.csv: fetched, 55 bytes, SHA-256 as published" in lines
    assert "images_002.tar.gz: 4 images in images_002/images/" in lines
    assert lines[-2:] == [
        f"{data_set.folder}: complete, 12 images",
        f"Next: cxrtune verify {data_set.folder}; then cxrtune run --data {data_set.folder} --out FOLDER",
    ]
    assert data_set.is_complete()
    again = cxrtune(*arguments(data_set))
    assert again.code == 0
    assert again.out.splitlines()[0] == f"A small set: all 4 files are in their place in {data_set.folder}"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_a_terminal_sees_bytes_and_the_time_left(data_set, host, known):
    data_set.known = known
    data_set.write_catalogue()
    host.turns["images_001.tar.gz"] = [stalls(100_000)]
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cxrtune", *map(str, arguments(data_set, "--timeout", "1"))],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    seen = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            part = os.read(ours, 4096)
            if not part:
                break
            seen += part
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 0
    assert b"Fetching" in seen
    # Three files and the first bytes of the fourth, of all that there is to fetch as far as it is known.
    assert (b"547.1/722.3 kB" if known == "sha256" else b"547.1/547.1 kB") in seen
    assert b"complete, 12 images" in seen


def test_quiet_says_nothing(data_set, cxrtune):
    data_set.write_catalogue()
    seen = cxrtune("--quiet", *arguments(data_set))
    assert (seen.code, seen.out, seen.err) == (0, "", "")


def test_what_could_not_be_verified_is_said(data_set, cxrtune):
    data_set.known = "bytes"
    data_set.write_catalogue()
    seen = cxrtune(*arguments(data_set))
    assert seen.code == 0
    assert "images_001.tar.gz: fetched, 240.8 kB, not verified, as no checksum is published" in seen.out
    assert seen.err.startswith("warning: recorded in download.json, but not verified, as no checksum")


def test_the_options_reach_the_download(data_set, host, cxrtune):
    data_set.write_catalogue(table=["http://127.0.0.1:1/dead"])
    host.files |= {f"a/{name}": content for name, content in host.files.items()}
    seen = cxrtune(*arguments(data_set, "--mirror", f"{host.address}/a", "--keep-archives", "--jobs", 1))
    assert seen.code == 0, seen.err
    assert f"files to fetch or unpack from {host.address}/a, " in seen.out
    assert len(list(data_set.folder.glob("*.tar.gz"))) == 3
    shutil.rmtree(data_set.folder)
    host.always["a/table.csv"] = drops(0)
    seen = cxrtune(
        *arguments(data_set, "--mirror", f"{host.address}/a", "--attempts", 1, "--timeout", 5, "--jobs", 1)
    )
    assert "and it was tried once\nRun the same command again later" in seen.refused()


def test_one_failure_is_one_error(data_set, host, cxrtune):
    data_set.write_catalogue()
    host.always["images_002.tar.gz"] = says(404)
    message = cxrtune(*arguments(data_set)).refused()
    assert message.startswith(f"error: {data_set.folder / 'images_002.tar.gz'}: cannot be fetched from ")
    assert "it answers 404" in message


def test_several_failures_are_told_together(data_set, host, cxrtune):
    data_set.write_catalogue()
    host.always["images_002.tar.gz"] = says(404)
    host.always["images_003.tar.gz"] = says(410)
    seen = cxrtune(*arguments(data_set))
    assert seen.code == 1
    assert seen.err.count("warning: ") == 2
    assert "error: " in seen.err
    assert "2 of 4 files are not in their place: images_002.tar.gz, images_003.tar.gz" in seen.err
    assert "Traceback" not in seen.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("download", "mimic", "--to", "x"), "there is no data set 'mimic' to download"),
        (("download", "nih", "--to", "x", "--mirror", "there"), "'there' is no address of a mirror"),
        (("download", "nih", "--to", "x", "--catalogue", "missing.yaml"), "is no readable text file"),
    ],
)
def test_wrong_use_is_told(cxrtune, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    assert said in cxrtune(*options).refused(2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("download", "nih"), "--to"),
        (("download", "--to", "x"), "DATASET"),
        (("download", "nih", "--to", "x", "--jobs", "0"), "--jobs"),
        (("download", "nih", "--to", "x", "--attempts", "0"), "--attempts"),
        (("download", "nih", "--to", "x", "--timeout", "0"), "--timeout"),
    ],
)
def test_wrong_options_are_told(cxrtune, options, named):
    seen = cxrtune(*options)
    assert seen.code == 2
    assert named.lower() in seen.err.lower()


def test_what_was_downloaded_is_a_data_folder(data_set, host, nih_folder, cxrtune, tmp_path):
    """Real images in two archives, tables and lists: a cohort is made of what comes out."""
    host.files.clear()
    tables = ("Data_Entry_2017_v2020.csv", "train_val_list.txt", "test_list.txt")
    for name in tables:
        host.files[name] = (nih_folder.path / name).read_bytes()
    half = len(nih_folder.images) // 2
    for number, names in ((1, nih_folder.images[:half]), (2, nih_folder.images[half:])):
        members = {name: nih_folder.file(name).read_bytes() for name in names}
        host.files[f"images_{number:03d}.tar.gz"] = packed(members)
    data_set.write_catalogue()
    assert cxrtune(*arguments(data_set)).code == 0
    made = []
    for folder in (nih_folder.path, data_set.folder):
        out = tmp_path / f"{folder.name}.parquet"
        seen = cxrtune("cohort", "--data", folder, "--protocol", "nih14", "--out", out)
        assert seen.code == 0, seen.err
        record = json.loads(Path(out).with_suffix(".provenance.json").read_text())
        made.append((out.read_bytes(), record["counts"]))
    assert made[0] == made[1]
