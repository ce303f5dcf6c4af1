"""Ages, dates, counts and labels in the ways that programs write them."""

import pandas as pd
import pytest

from cxrtune.cohort.cells import counts_of, plain, tell_unread, years_of, years_of_dates


def series(*texts):
    return pd.Series(texts, index=range(2, 2 + len(texts)), dtype="str")


@pytest.mark.parametrize(
    ("texts", "years"),
    [
        (("58", "058Y", "58.0", "58,5", " 58 y", "58 years", "58 yrs", "58 Years old", "058y"), 58),
        (("25M", "025M", "25 months", "108W", "730,5D", "731 days"), 2),
        (("0", "011M", "000Y", "009D", "0.5"), 0),
        (("120", "120Y"), 120),
        (("", "nan", "121", "412", "-3", "old", "90+", ">89", "58/60", "1e1", "9" * 400), None),
    ],
)
def test_ages_are_whole_years(texts, years):
    found = years_of(series(*texts))
    assert [None if pd.isna(year) else int(year) for year in found] == [years] * len(texts)
    assert list(found.index) == list(range(2, 2 + len(texts)))


@pytest.mark.parametrize(
    ("texts", "year"),
    [
        (
            (
                *("2010", "2010.0", "2010-01-31", "2010-1", "2010/01/31", "20100131", "20100131.0"),
                *("31/01/2010", "1/31/2010", "31.01.2010", "31. 1. 2010", "2010-01-31 10:20:30"),
                *("2010-01-31T10:20", "31/01/2010 9:05", "20100131102030", "20100131102030.123"),
            ),
            2010,
        ),
        (("", "31/01/10", "31-Jan-10", "41234", "31012010", "20103101", "1066", "2010-01-31x", "9999"), None),
    ],
)
def test_years_of_dates(texts, year):
    found = years_of_dates(series(*texts))
    assert [None if pd.isna(value) else int(value) for value in found] == [year] * len(texts)


def test_counts_are_whole_numbers():
    found = counts_of(series("3", "3.0", " 3 ", "3,", "0", "", "x", "1.5", "99999999", "-1"))
    assert [None if pd.isna(n) else int(n) for n in found] == [3, 3, 3, 3, 0, None, None, None, None, None]


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (("1", "1.0", "1,0", " 1 ", "1.000000", "+1", "1e0", "01"), "1"),
        (("-1", "-1.0", "-1,0"), "-1"),
        (("0", "-0", "0.0", "0,00"), "0"),
        (("Yes", " yes ", "YES"), "yes"),
        (("0.5",), "0.5"),
        (("9" * 20,), "9" * 20),
    ],
)
def test_numbers_that_are_equal_are_compared_as_equal(texts, meaning):
    assert {plain(text) for text in texts} == {meaning}


def test_what_is_not_read_is_told_once_with_the_first_and_nothing_is_said_of_empty_cells():
    told, texts = [], series("58", "", "90+", "nan", "x")
    tell_unread("ages", texts, years_of(texts).isna().to_numpy(dtype=bool), told.append)
    assert told == ["2 ages are not read and taken as not known, '90+' in row 4 for one"]
    tell_unread("dates", series("31/01/10"), pd.Series([True]).to_numpy(), told.append, hide=True)
    assert told[1:] == ["1 dates are not read and taken as not known, '99/99/99' in row 2 for one"]
    tell_unread("ages", texts, texts.eq("").to_numpy(dtype=bool), told.append)
    assert len(told) == 2
