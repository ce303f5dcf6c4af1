"""One person, one identifier: tables from several programs write the same one in several ways."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from cxrtune.shown import short
from cxrtune.text_file import Tell

_WRAPPED = re.compile(r"""=?(["'])(.*)\1|'(.*)""")  # Excel's ways of keeping zeros: ="001", '001
_WHOLE = re.compile(r"\+?(\d{1,18})(?:[.,]0*)?|\+?([1-9]\d{0,17})(?:[.,]0*)?e\+?(\d{1,2})")


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
