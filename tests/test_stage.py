"""A stage is skipped where its output is current, and works alone at its output."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from command_line import files_below
from cxrtune.errors import DataError, UsageError
from cxrtune.progress import SilentReporter
from cxrtune.provenance import read_record, record_path
from cxrtune.stage import sole_writer, stage

locked = pytest.mark.skipif(os.name != "posix", reason="nothing is locked on Windows")

HOLDER = """
import sys
from pathlib import Path
from cxrtune.progress import SilentReporter
from cxrtune.stage import sole_writer, stage
output, made = Path(sys.argv[1]), sys.argv[2:]
with stage("s", output, [], {}, made, SilentReporter()) if made else sole_writer(output):
    print("holds", flush=True)
    sys.stdin.readline()
    for name in made:
        record = output.parent if output.suffix else output
        (record / name).write_text("made")
"""


class Told(SilentReporter):
    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def hold():
    """Start a process that holds an output until it is told to end."""
    started = []

    def start(output, *made):
        command = [sys.executable, "-c", HOLDER, str(output), *made]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "holds\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def run(output, made, settings=None, **options):
    """Run a stage; return whether it was skipped."""
    reporter = Told()
    with stage("draw", output, [], settings or {}, made, reporter, **options) as draft:
        if draft.current:
            assert reporter.said == [f"draw: inputs and settings are unchanged, {output} is kept"]
            return True
        for name in made:
            (record_path(output).parent / name).write_text("made")
    assert not reporter.said
    return False


@pytest.mark.parametrize("name", ["scores.csv", "pack"])
def test_a_stage_is_skipped_where_nothing_changed(tmp_path, name):
    made = [name] if "." in name else ["a.npy"]
    output = tmp_path / "out" / name
    assert [run(output, made), run(output, made), run(output, made, {"a": 1})] == [False, True, False]
    assert not run(output, made, {"a": 1}, anew=True)
    assert files_below(record_path(output).parent) == {*made, record_path(output).name}


def test_files_that_are_known_later_are_part_of_the_record(tmp_path):
    with stage("draw", tmp_path, [], {}, [], SilentReporter()) as draft:
        (tmp_path / "late.csv").write_text("made")
        draft.made.append("late.csv")
    assert [output.name for output in read_record(tmp_path / "provenance.json").outputs] == ["late.csv"]


def test_what_fails_while_it_prepares_leaves_the_record_of_what_is_there(tmp_path):
    def fail(*, writing):
        with stage("draw", tmp_path, [], {"a": 1}, [], Told(), prepares=True) as draft:
            if writing:
                draft.start_writing()
            raise KeyError

    run(tmp_path, ["a.npy"])
    with pytest.raises(KeyError):
        fail(writing=False)
    assert run(tmp_path, ["a.npy"])
    with pytest.raises(KeyError):
        fail(writing=True)
    assert files_below(tmp_path) == {"a.npy"}


def test_what_fails_before_its_first_file_leaves_no_folder(tmp_path):
    with pytest.raises(KeyError), stage("draw", tmp_path / "new", [], {}, [], Told()):
        raise KeyError
    assert files_below(tmp_path) == set()
    assert not (tmp_path / "new").exists()


def test_a_folder_that_appears_whole_does_not_exist_before(tmp_path):
    folder = tmp_path / "phantoms"
    with stage("draw", folder, [], {}, ["a.png"], SilentReporter(), appears=True):
        assert not folder.exists()
        folder.mkdir()
        (folder / "a.png").write_text("made")
    assert files_below(tmp_path) == {"phantoms/a.png", "phantoms/provenance.json"}


@locked
@pytest.mark.parametrize(("name", "made"), [("pack", "a.npy"), ("scores.csv", "scores.csv")])
def test_a_second_process_at_one_output_is_refused_by_name(tmp_path, hold, name, made):
    output = tmp_path / name
    first = hold(output, made)
    with pytest.raises(
        UsageError, match=rf"{name}: another run works on this f.* \(process {first.pid}\)"
    ) as no:
        run(output, [made], {"other": "settings"})
    assert no.value.path == output
    first.communicate("end\n")
    assert first.returncode == 0
    assert not run(output, [made], {"other": "settings"})


@locked
def test_scores_in_two_formats_share_a_record_and_so_a_lock(tmp_path, hold):
    hold(tmp_path / "scores.parquet", "scores.parquet")
    with pytest.raises(UsageError, match="another run works on this file"):
        run(tmp_path / "scores.csv", ["scores.csv"])
    assert not run(tmp_path / "others.csv", ["others.csv"])


@locked
def test_a_run_folder_is_held_as_a_whole(tmp_path, hold):
    first = hold(tmp_path / "run")
    with (
        pytest.raises(UsageError, match=r"run: another run works on this folder"),
        sole_writer(tmp_path / "run"),
    ):
        pass
    assert not run(tmp_path / "run" / "other.csv", ["other.csv"])
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with sole_writer(tmp_path / "run"):  # what a killed process left is no lock
        pass


@locked
def test_one_process_may_hold_within_what_it_holds_and_a_thread_of_it_may_not(tmp_path):
    refused = []

    def other():
        try:
            run(tmp_path, ["a.npy"])
        except UsageError as error:
            refused.append(error.message)

    with sole_writer(tmp_path), sole_writer(tmp_path / "." / ""):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused == [f"another run works on this folder (process {os.getpid()})"]
    assert files_below(tmp_path) == set()


@locked
def test_an_output_that_is_current_is_read_by_many(tmp_path, hold):
    run(tmp_path / "pack", ["a.npy"])
    hold(tmp_path / "pack")
    assert run(tmp_path / "pack", ["a.npy"])


def test_a_file_does_not_replace_the_record_of_another_stages_file(tmp_path):
    assert not run(tmp_path / "model.safetensors", ["model.safetensors"])
    record = (tmp_path / "model.provenance.json").read_bytes()
    with (
        pytest.raises(UsageError, match=r"would replace that of model\.safetensors, which `draw` made"),
        stage("other", tmp_path / "model.csv", [], {}, ["model.csv"], SilentReporter()),
    ):
        raise AssertionError("it began")
    assert (tmp_path / "model.provenance.json").read_bytes() == record
    # A stage may write its table in another format.
    assert not run(tmp_path / "model.csv", ["model.csv"])


def test_a_damaged_record_does_not_keep_a_stage_from_running_again(tmp_path):
    output = tmp_path / "scores.csv"
    assert not run(output, ["scores.csv"])
    record_path(output).write_text("{")
    with pytest.raises(DataError, match="is not a provenance record"):
        run(output, ["scores.csv"])
    assert not run(output, ["scores.csv"], anew=True)
    assert read_record(record_path(output)).stage == "draw"
