"""What every user of the command meets first: help, version, the switches, and what goes where."""

import os
import re
import select
import subprocess
import sys
from importlib.metadata import version

import pytest

from heavy import HEAVY

COMMANDS = (
    "demo",
    "run",
    "download",
    "verify",
    "cohort",
    "pack",
    "train",
    "predict",
    "explain",
    "evaluate",
    "stats",
    "report",
    "export",
    "serve",
    "dicom-node",
    "weights",
    "doctor",
    "phantom",
)
NODE_COMMANDS = ("dicom-node run", "dicom-node fetch", "dicom-node status", "dicom-node retry")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cxrtune", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_help_lists_every_command_with_a_sentence(cxrtune):
    seen = cxrtune("--help")
    assert seen.code == 0
    assert not seen.err
    for command in COMMANDS:
        assert re.search(rf"^ +{command} +\S+ \S+", seen.out, re.MULTILINE), command
    listed = re.findall(r"^  ([a-z-]+)  +\S", seen.out.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)
    assert "no medical device" in " ".join(seen.out.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["cohort", "--help"], ["serve"], ["dicom-node", "run"]]
)
def test_help_imports_nothing_heavy(arguments):
    program = f"""
import sys
from cxrtune.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    pass
loaded = {{name.split(".")[0] for name in sys.modules}}
print("heavy:", sorted(loaded & set({HEAVY!r})))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize("command", [*COMMANDS, *NODE_COMMANDS])
def test_every_command_explains_itself(cxrtune, command):
    seen = cxrtune(*command.split(), "--help")
    assert seen.code == 0
    assert not seen.err
    assert seen.out.lstrip().startswith("Usage: ")
    assert f" {command} [OPTIONS]" in seen.out
    text = " ".join(seen.out.split())
    assert "--quiet" in text
    assert "--debug" in text
    # Every option says what it is for.
    for option in re.findall(r"^ +(--[a-z-]+)(?: +[A-Z=<>x.]+)*$", seen.out, re.MULTILINE):
        assert re.search(rf"{option}[^\n]*\n +\S", seen.out), f"{option} has no words"


def test_the_version_is_the_packages(cxrtune):
    seen = cxrtune("--version")
    assert (seen.code, seen.out.strip()) == (0, f"cxrtune {version('cxrtune')}")
    assert run("--version").stdout.strip() == f"cxrtune {version('cxrtune')}"


def test_no_argument_shows_the_help():
    done = run()
    assert done.returncode in (0, 2)
    assert "Usage:" in done.stdout + done.stderr
    assert "cohort" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train-it"], "train-it"),
        (["cohort", "--dat", "x"], "--dat"),
        (["cohort"], "--data"),
        (["cohort", "--data"], "--data"),
        (["cohort", "--data", "x", "--seed", "one"], "--seed"),
        (["cohort", "--data", "x", "--seed", "-1"], "--seed"),
        (["pack", "--cohort", "x", "--data", "x", "--workers", "0"], "--workers"),
        (["pack", "--cohort", "x", "--data", "x", "--max-unreadable", "1.5"], "--max-unreadable"),
        (["evaluate", "--cohort", "x"], "--predictions"),
        (["predict"], "model"),
        (["phantom", "--out", "x", "--images", "0"], "--images"),
    ],
)
def test_wrong_use_exits_with_2_and_names_the_option(cxrtune, tmp_path, monkeypatch, arguments, named):
    monkeypatch.chdir(tmp_path)
    seen = cxrtune(*arguments)
    assert seen.code == 2
    assert not seen.out
    assert named in seen.err
    assert "Traceback" not in seen.err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_prints_nothing_when_all_is_well(nih_folder, cxrtune, tmp_path, place):
    command = ["cohort", "--data", nih_folder.path, "--out", tmp_path / "cohort.parquet"]
    seen = cxrtune(*(["--quiet", *command] if place == "before" else [*command, "--quiet"]))
    assert (seen.code, seen.out, seen.err) == (0, "", "")
    assert (tmp_path / "cohort.parquet").is_file()


def test_quiet_still_warns(nih_folder, cxrtune, tmp_path):
    cohort = tmp_path / "cohort.parquet"
    assert cxrtune("--quiet", "cohort", "--data", nih_folder.path, "--out", cohort).code == 0
    nih_folder.file(nih_folder.images[0]).write_bytes(b"")
    place = ("--cohort", cohort, "--data", nih_folder.path, "--out", tmp_path / "pack")
    seen = cxrtune("--quiet", "pack", *place, "--max-unreadable", 0.1, "--workers", 1)
    assert (seen.code, seen.out) == (0, "")
    assert seen.err == (f"warning: pack: {nih_folder.images[0]} is left out: the file is empty (0 bytes)\n")


def test_quiet_still_tells_errors(cxrtune, tmp_path):
    cxrtune("--quiet", "cohort", "--data", tmp_path / "none", "--out", tmp_path / "c.parquet").refused()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_where_an_error_comes_from(tmp_path, debug, place):
    command = ["cohort", "--data", tmp_path / "none", "--out", tmp_path / "c.parquet"]
    if debug:
        command = ["--debug", *command] if place == "before" else [*command, "--debug"]
    done = run(*command)
    assert done.returncode == 1
    assert ("Traceback (most recent call last)" in done.stderr) == debug
    assert "no such data folder" in done.stderr
    if not debug:
        assert len(done.stderr.splitlines()) == 2


def test_facts_go_to_standard_output_without_colours_or_bars(nih_folder, tmp_path):
    cohort = tmp_path / "cohort.parquet"
    first = run("cohort", "--data", nih_folder.path, "--out", cohort)
    place = ("--cohort", cohort, "--data", nih_folder.path, "--out", tmp_path / "pack")
    second = run("pack", *place, "--workers", 1)
    for done in (first, second):
        assert done.returncode == 0
        assert not done.stderr
        assert done.stdout.isprintable() or set(done.stdout) - set(map(chr, range(32, 127))) == {"\n"}
    assert second.stdout == "pack: 37 of 37 images decoded to 224 px\n"


def test_markup_and_emoji_in_names_are_printed_as_they_are(nih_folder, cxrtune, tmp_path):
    odd = tmp_path / "[red]out[/red] :skull: 100%"
    cohort = odd / "cohort.parquet"
    command = ("cohort", "--data", nih_folder.path, "--out", cohort)
    assert cxrtune(*command).code == 0
    assert str(cohort) in cxrtune(*command).out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_a_bar(nih_folder, cxrtune, tmp_path):
    cohort = tmp_path / "cohort.parquet"
    assert cxrtune("cohort", "--data", nih_folder.path, "--out", cohort).code == 0
    ours, theirs = os.openpty()
    command = ["pack", "--cohort", cohort, "--data", nih_folder.path, "--out", tmp_path / "pack"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cxrtune", *map(str, command), "--workers", "1"],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
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
    assert b"Packing" in seen
    assert b"37/37" in seen
    assert b"pack: 37 of 37 images decoded" in seen
