"""The journal of a scoring: what a kill can leave of it, and what is made of that."""

import pytest

from cxrtune.scoring.journal import Journal


def test_rows_come_back(tmp_path):
    with Journal(tmp_path / "out.csv", "a") as journal:
        journal.note("1", {"x": 0.1 + 0.2, "reason": None})
        journal.note("2", {"x": None, "reason": "é"})
    with Journal(tmp_path / "out.csv", "a") as journal:
        assert journal.rows == {"1": {"x": 0.1 + 0.2, "reason": None}, "2": {"x": None, "reason": "é"}}
        journal.discard()
    assert not list(tmp_path.iterdir())


def test_other_work_begins_anew(tmp_path):
    with Journal(tmp_path / "out.csv", "a") as journal:
        journal.note("1", {"x": 1})
    with Journal(tmp_path / "out.csv", "b") as journal:
        assert journal.rows == {}
        journal.note("2", {"x": 2})
    with Journal(tmp_path / "out.csv", "b") as journal:
        assert journal.rows == {"2": {"x": 2}}


@pytest.mark.parametrize("cut", range(1, 40))
def test_wherever_it_was_cut_whole_rows_are_kept_and_it_goes_on(tmp_path, cut):
    with Journal(tmp_path / "out.csv", "a") as journal:
        journal.note("1", {"x": 1})
        journal.note("2", {"x": 2})
        path = journal.path
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(tmp_path / "out.csv", "a") as journal:
        kept = dict(journal.rows)
        journal.note("3", {"x": 3})
    assert kept in ({}, {"1": {"x": 1}})
    with Journal(tmp_path / "out.csv", "a") as journal:
        assert journal.rows == {**kept, "3": {"x": 3}}
