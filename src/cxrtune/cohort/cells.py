"""Parse the cells of label tables, in the many ways that programs write ages, dates and patients."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxrtune.number_texts import UNKNOWN
from cxrtune.shown import quoted, short
from cxrtune.text_file import Tell

OLDEST = 120
"""Years; NIH's releases of 2017 contain ages such as 412, which are typing errors in the source."""

_COUNT = re.compile(r"(\d{1,4})(?:[.,]0*)?")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d*)?(?:e[+-]?\d+)?")
_AGE = re.compile(
    r"(\d+)(?:[.,](\d*))?\s*(?:(y)(?:ears?|rs?|r)?(?:\s*old)?|(m)(?:onths?|o)?|(w)(?:eeks?|k)?|(d)(?:ays?)?)?"
)
_A_YEAR = (1.0, 12.0, 365.25 / 7, 365.25)  # years, months, weeks and days in a year
_YEARS = range(1850, 2101)
_TIME = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})(?:\.0*|[-/. ]\d{{1,2}}(?:[-/. ]\d{{1,2}})?{_TIME})?")
_YEAR_LAST = re.compile(rf"\d{{1,2}}[-/. ]\s*\d{{1,2}}[-/. ]\s*(\d{{4}}){_TIME}")
_WRAPPED = re.compile(r"""=?(["'])(.*)\1|'(.*)""")  # how Excel keeps leading zeros: ="001", '001
_WHOLE = re.compile(r"\+?(\d{1,18})(?:[.,]0*)?|\+?([1-9]\d{0,17})(?:[.,]0*)?e\+?(\d{1,2})")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2}){0,3}(?:\.\d*)?")


def plain(text: str) -> str:
    """Normalize a cell for comparison: strip it, lower its case, and turn `1.0` and `1,0` into `1`."""
    bare = text.strip().casefold()
    if not _NUMBER.fullmatch(bare):
        return bare
    number = float(bare.replace(",", "."))
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else bare


def counts_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Parse whole numbers of at most four digits, such as `3` or `3.0`; anything else becomes null."""
    codes, distinct = pd.factorize(texts)
    found = (_COUNT.fullmatch(str(text).strip()) for text in distinct)
    counts = pd.Series([None if match is None else int(match[1]) for match in found], dtype="Int16")
    return counts.take(codes).set_axis(texts.index)


def years_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Parse ages as whole years; anything that is not an age, or is over 120 years, becomes null.

    Accepted are `58`, `58.0`, `58,5`, DICOM's `058Y`, `011M`, `006W`, `009D` (PS3.5, section 6.2, AS) and
    words such as `58 years`.
    """
    codes, distinct = pd.factorize(texts)
    years = pd.Series([_years(str(text)) for text in distinct], dtype="Int16")
    return years.take(codes).set_axis(texts.index)


def _years(text: str) -> int | None:
    found = _AGE.fullmatch(text.strip().casefold())
    if found is None:
        return None
    unit = next((a_year for place, a_year in enumerate(_A_YEAR, start=3) if found[place]), 1.0)
    years = int(float(f"{found[1]}.{found[2] or 0}") // unit) if len(found[1]) < 10 else OLDEST + 1
    return years if years <= OLDEST else None


def years_of_dates(texts: pd.Series[str]) -> pd.Series[float]:
    """Parse years of dates: `2010`, `2010-01-31`, `20100131`, `31/01/2010`, `1/31/2010`; others are NaN."""
    codes, distinct = pd.factorize(texts)
    years = np.array([_year(str(text)) for text in distinct], dtype=np.float64)
    return pd.Series(years[codes], index=texts.index)


def _year(text: str) -> float:
    bare = text.strip()
    digits = _DIGITS.fullmatch(bare)
    if digits is not None:
        is_date = 1 <= int(digits[2]) <= 12 and 1 <= int(digits[3]) <= 31
        return float(digits[1]) if is_date and int(digits[1]) in _YEARS else float("nan")
    found = _YEAR_FIRST.fullmatch(bare) or _YEAR_LAST.fullmatch(bare)
    return float(found[1]) if found is not None and int(found[1]) in _YEARS else float("nan")


def is_blank(texts: pd.Series[str]) -> NDArray[np.bool_]:
    """Return a bool (N,) mask of cells that are empty or hold a word that programs write for no value."""
    return texts.str.strip().str.casefold().isin(UNKNOWN).to_numpy(dtype=bool)


def tell_unread(
    what: str, texts: pd.Series[str], unread: NDArray[np.bool_], tell: Tell, *, hide: bool = False
) -> None:
    """Report in one sentence how many cells could not be read, with the first of them.

    Args:
        what: What the cells hold, such as `ages`.
        texts: The cells; the index holds the row numbers of the table.
        unread: bool (N,), the cells that could not be read; empty cells are not counted.
        tell: Receives the message, if there is anything to report.
        hide: Show 9 instead of each digit, to keep personal data such as dates of birth out of messages.
    """
    places = np.flatnonzero(unread)
    places = places[~is_blank(texts.iloc[places])]
    if len(places):
        first = int(places[0])
        text = re.sub(r"\d", "9", texts.iloc[first]) if hide else texts.iloc[first]
        tell(
            f"{len(places):,} {what} are not read and taken as not known,"
            f" {quoted(text)} in row {texts.index[first]:,} for one"
        )


def plain_identifier(text: str) -> str:
    """Normalize an identifier: `001`, `1.0`, `1,0`, `"1"` and ` 1 ` become `1`; `1e5` becomes `100000`.

    Case is ignored, and so are leading zeros of numbers within a text: `P01` becomes `p1`.
    """
    if text.isascii() and text.isdigit() and text[0] != "0":
        return text
    bare = unicodedata.normalize("NFKC", text).strip().casefold()
    wrapped = _WRAPPED.fullmatch(bare)
    if wrapped is not None:
        bare = (wrapped[2] if wrapped[3] is None else wrapped[3]).strip()
    whole = _WHOLE.fullmatch(bare)
    if whole is not None:
        return str(int(whole[1])) if whole[1] else str(int(whole[2]) * 10 ** int(whole[3]))
    return re.sub(r"0*(\d+)", r"\1", bare)


def with_one_identifier_each(
    patients: pd.Series[str], images: pd.Series[str], tell: Tell, otherwise: str = ""
) -> pd.Series[str]:
    """Merge identifiers that are written in several ways: each patient gets the one that occurs first.

    A patient with two identifiers could be in both the training and the test set; two patients with the same
    identifier are merely kept in the same part of the split.

    Args:
        patients: The patient identifiers.
        images: The images of the same rows, used to refer to patients in messages.
        tell: Receives a message with the number of merged patients.
        otherwise: What the user should do if the identifiers do belong to different patients.
    """
    codes, distinct = pd.factorize(patients)
    plain = pd.factorize(np.array([plain_identifier(str(text)) for text in distinct], dtype=object))[0]
    first = np.unique(plain, return_index=True)[1] if len(plain) else plain
    if len(first) == len(distinct):
        return patients
    twice = np.bincount(plain) > 1
    example = np.flatnonzero(twice)[0]
    rows = [int(np.flatnonzero(codes == code)[0]) for code in np.flatnonzero(plain == example)[:2]]
    tell(
        f"{int(twice.sum()):,} patients are written in more than one way (with zeros, '.0', blanks, or in"
        f" another case), that of {short(images.iloc[rows[0]])} and {short(images.iloc[rows[1]])} for one:"
        f" each is taken for one person{otherwise}"
    )
    return pd.Series(np.asarray(distinct, dtype=object)[first[plain]][codes], patients.index, dtype="str")
