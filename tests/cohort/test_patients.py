"""One person has one identifier, however programs wrote it."""

import pandas as pd
import pytest

from cxrtune.cohort.cells import plain_identifier, with_one_identifier_each

ALIKE = [
    ("1", "001", "1.0", "1,0", " 1 ", "'001", '="001"', '"1"', "+1", "1.", "1e0", "\u00a01"),
    ("100000", "1e5", "1E+05", "100000.0", "0100000"),
    ("P007", "p7", "P7", " P07"),
    ("12-034", "12-34"),
    ("Zoë", "zoë", "Zoe\u0308"),
]
DIFFERENT = [
    "1",
    "10",
    "1.5",
    "1-0",
    "P1",
    "1P",
    "P10",
    "11",
    "1.2.840.1",
    "1.2.840.10",
    "a1b",
    "-1",
    "0e5",
    "00e7",
    "0",
]


@pytest.mark.parametrize("spellings", ALIKE, ids=lambda spellings: spellings[0])
def test_spellings_of_one_identifier_are_one(spellings):
    assert len({plain_identifier(text) for text in spellings}) == 1


def test_identifiers_that_differ_stay_apart():
    assert len({plain_identifier(text) for text in DIFFERENT}) == len(DIFFERENT)


def test_the_first_spelling_is_kept_and_a_patient_is_named_by_images_only():
    told = []
    patients = pd.Series(["001", "7", "1.0", "002", "2", "7"], index=[2, 3, 4, 2, 3, 4], dtype="str")
    images = pd.Series(list("abcdef"), index=patients.index, dtype="str")
    joined = with_one_identifier_each(patients, images, told.append, "; mend it")
    assert list(joined) == ["001", "7", "001", "002", "002", "7"]
    assert len(told) == 1
    assert told[0].startswith("2 patients are written in more than one way")
    assert "that of a and c for one: each is taken for one person; mend it" in told[0]
    assert "001" not in told[0]


def test_identifiers_that_need_nothing_are_left_alone_without_a_word():
    told = []
    patients = pd.Series(["001", "002", "P3", "P3"], dtype="str")
    assert with_one_identifier_each(patients, patients, told.append) is patients
    assert not told
