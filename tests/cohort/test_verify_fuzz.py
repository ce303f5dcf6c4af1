"""Tables with bytes changed, cut out and put in: a list of problems, never a crash."""

import random

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxrtune.cohort.checks.nih_folder import verify_nih_folder
from cxrtune.cohort.checks.verdict import Settings, problem_lines
from cxrtune.progress import SilentReporter

pytestmark = pytest.mark.system

TABLE, LIST, BOXES = "Data_Entry_2017_v2020.csv", "test_list.txt", "BBox_List_2017.csv"
PIECES = (
    b'"',
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe4",
    b"-1",
    b" ",
)


def _mutant(data: bytes, seed: int) -> bytes:
    draw = random.Random(seed)
    changed = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        place = (
            draw.randrange(len(changed) + 1)
            if draw.random() < 0.7
            else draw.randrange(min(160, len(changed)) + 1)
        )
        changed[place : place + draw.choice((0, 0, 1, 5, 400))] = draw.choice(PIECES) * draw.choice(
            (1, 1, 1, 3)
        )
    return bytes(changed)


@hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), which=st.sampled_from((TABLE, LIST, BOXES)))
def test_no_table_crashes_the_check(nih_folder, seed, which):
    nih_folder.write_table()
    nih_folder.write_lists()
    boxes = "".join(f"{image},Mass,10,10,20,20,,,\n" for image in nih_folder.images)
    (nih_folder.path / BOXES).write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\n" + boxes)
    path = nih_folder.path / which
    path.write_bytes(_mutant(path.read_bytes(), seed))
    verdict = verify_nih_folder(nih_folder.path, Settings(decode=False, workers=1), SilentReporter())
    assert all(problem.file and problem.what and problem.remedy for problem in verdict.problems)
    assert all(line.isprintable() for line in problem_lines(verdict, examples=3))


def test_a_line_longer_than_any_after_an_open_quote(nih_folder, verify):
    path = nih_folder.path / TABLE
    path.write_bytes(path.read_bytes() + b'"' + b"x" * 200_000)
    whats = [problem["what"] for problem in verify(nih_folder.path).of("table")]
    assert whats == ["is no readable CSV table: row 42 has a cell of more than 131,072 characters"]


def test_what_a_table_holds_does_not_steer_the_terminal(nih_folder, verify):
    nih_folder.rows[0]["Finding Labels"] = "\x1b[2Jboo" + "x" * 1000
    nih_folder.write_table()
    verified = verify(nih_folder.path)
    assert "\x1b" not in verified.seen.out
    assert "\\x1b[2Jboo" in verified.seen.out
    assert max(map(len, verified.seen.out.splitlines())) < 600
