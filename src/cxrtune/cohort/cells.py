"""What the cells of a label table mean, in whatever way programs have written them: ages, dates, persons."""

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
"""Years; NIH's releases of 2017 hold ages such as 412, typing errors of the source."""

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
_WRAPPED = re.compile(r"""=?(["'])(.*)\1|'(.*)""")  # Excel's ways of keeping zeros: ="001", '001
_WHOLE = re.compile(r"\+?(\d{1,18})(?:[.,]0*)?|\+?([1-9]\d{0,17})(?:[.,]0*)?e\+?(\d{1,2})")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2}){0,3}(?:\.\d*)?")


def plain(text: str) -> str:
    """Return a cell as it is compared: without outer blanks, in small letters, `1.0` and `1,0` as `1`."""
    bare = text.strip().casefold()
    if not _NUMBER.fullmatch(bare):
        return bare
    number = float(bare.replace(",", "."))
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else bare


def counts_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Read whole numbers of at most four digits, `3` or `3.0`; anything else is null."""
    codes, distinct = pd.factorize(texts)
    found = (_COUNT.fullmatch(str(text).strip()) for text in distinct)
    counts = pd.Series([None if match is None else int(match[1]) for match in found], dtype="Int16")
    return counts.take(codes).set_axis(texts.index)


def years_of(texts: pd.Series[str]) -> pd.Series[int]:
    """Read ages as whole years; what is no age, or over 120 years, is null.

    `58`, `58.0`, `58,5`, DICOM's `058Y`, `011M`, `006W`, `009D` (PS3.5, section 6.2, AS) and words such as
    `58 years` are understood.
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
    """Read the year of dates: `2010`, `2010-01-31`, `20100131`, `31/01/2010`, `1/31/2010`; others are NaN."""
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
    """Return where a cell holds nothing, or a word that programs write for nothing, bool (N,)."""
    return texts.str.strip().str.casefold().isin(UNKNOWN).to_numpy(dtype=bool)


def tell_unread(
    what: str, texts: pd.Series[str], unread: NDArray[np.bool_], tell: Tell, *, hide: bool = False
) -> None:
    """Say in one sentence how many cells were not read, with the first one.

    Args:
        what: What they are, such as `ages`.
        texts: The cells; the index numbers the table's rows.
        unread: bool (N,), those that gave nothing; cells without anything are not counted.
        tell: Told, if there are any.
        hide: Show 9 for each digit: a date of birth is nobody's business.
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
    """Return an identifier as it is compared: `001`, `1.0`, `1,0`, `"1"`, ` 1 ` are `1`; `1e5` is `100000`.

    Letters are compared without case, and numbers within a text without leading zeros: `P01` is `p1`.
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
    """Give each patient the identifier that comes first, where the same one is written in several ways.

    A person with two identifiers would be trained on and tested on; two people with one are only kept on the
    same side of the split.

    Args:
        patients: The identifiers.
        images: The images of the same rows: by them patients are named.
        tell: Told of how many.
        otherwise: What to do if they are several people after all.
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
