"""Read patients, views, sexes, ages and visits, as defined by a map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxrtune.cohort.cells import (
    OLDEST,
    counts_of,
    plain,
    tell_unread,
    with_one_identifier_each,
    years_of,
    years_of_dates,
)
from cxrtune.cohort.nih import SEXES, VIEWS
from cxrtune.cohort.own.cohort_map import CohortMap
from cxrtune.cohort.own.map_parts import Age, Translated
from cxrtune.errors import DataError
from cxrtune.shown import quoted, short
from cxrtune.text_file import Tell

_OTHERWISE = "; if they are several, say exact: true under patient in the map"


def people_columns(wanted: CohortMap) -> list[str]:
    """Return the columns that patient, view, sex, age and visit are read from."""
    age = wanted.age or Age(column="")
    named = (
        wanted.patient.column,
        wanted.view and wanted.view.column,
        wanted.sex and wanted.sex.column,
        age.column,
        age.born,
        age.on,
        wanted.followup,
    )
    return [name for name in named if name]


def people(table: pd.DataFrame, names: pd.Series[str], wanted: CohortMap, tell: Tell) -> pd.DataFrame:
    """Return the columns patient, view, sex, age and followup.

    Args:
        table: The table.
        names: Image names of its rows.
        wanted: The map.
        tell: Receives messages about values that cannot be read, and patients written in several ways.

    Raises:
        DataError: A row has no patient.
    """
    return pd.DataFrame(
        {
            "patient": _patients(table, names, wanted, tell),
            "view": _by_map(table, wanted.view, VIEWS, "views", tell),
            "sex": _by_map(table, wanted.sex, SEXES, "sexes", tell),
            "age": _ages(table, wanted.age, tell),
            "followup": _visits(table, wanted.followup, tell),
        }
    )


def _patients(table: pd.DataFrame, names: pd.Series[str], wanted: CohortMap, tell: Tell) -> pd.Series[str]:
    if wanted.patient.none:
        return names.copy()
    if wanted.patient.column is not None:
        patients, said = table[wanted.patient.column].str.strip(), f"column {quoted(wanted.patient.column)}"
    else:
        assert wanted.patient.pattern is not None
        patients = names.str.extract(wanted.patient.pattern, expand=True)[0].fillna("")
        said = f"the pattern {quoted(wanted.patient.pattern)}"
    without = patients.eq("").to_numpy()
    if without.any():
        row = int(without.argmax())
        raise DataError(
            f"{int(without.sum()):,} images have no patient by {said}, {short(names.iloc[row])} for one",
            remedy="There is no honest split without patients: mend the map, or say patient: {none: true}.",
        )
    if wanted.patient.exact:
        return patients
    return with_one_identifier_each(patients, names, tell, _OTHERWISE)


def _by_map(
    table: pd.DataFrame, column: Translated | None, allowed: tuple[str, ...], what: str, tell: Tell
) -> pd.Series[str]:
    if column is None:
        return unknown(table.index, "str")
    return translated(table[column.column], column.values, allowed, what, tell)


def translated(
    texts: pd.Series[str], values: Mapping[str, str], allowed: tuple[str, ...], what: str, tell: Tell
) -> pd.Series[str]:
    """Translate cells to cxrtune's values.

    Args:
        texts: The cells.
        values: The table's values and cxrtune's, ignoring case.
        allowed: cxrtune's values; anything else becomes null.
        what: What the cells hold, such as `views`.
        tell: Receives a message about cells that `values` does not list.
    """
    codes, distinct = pd.factorize(texts)
    loosely = {plain(theirs): ours for theirs, ours in values.items()}
    found = [values.get(str(text).strip(), loosely.get(plain(str(text)))) for text in distinct]
    # A value that is mapped to something other than cxrtune's values is deliberately unknown.
    unread = np.array([ours is None for ours in found], dtype=bool)[codes]
    tell_unread(what, texts, unread, tell)
    ours = pd.Series([value if value in allowed else None for value in found], dtype="str")
    return ours.take(codes).set_axis(texts.index)


def _ages(table: pd.DataFrame, age: Age | None, tell: Tell) -> pd.Series[int]:
    if age is None:
        return unknown(table.index, "Int16")
    if age.column is not None:
        return ages_of(table[age.column], tell)
    born, on = table[str(age.born)], table[str(age.on)]
    first, last = years_of_dates(born), years_of_dates(on)
    tell_unread("dates of birth", born, first.isna().to_numpy(dtype=bool), tell, hide=True)
    tell_unread("dates", on, last.isna().to_numpy(dtype=bool), tell, hide=True)
    passed = last - first
    can_be = passed.between(0, OLDEST)
    impossible = (passed.notna() & ~can_be).to_numpy(dtype=bool)
    tell_unread(f"ages that are below 0 or over {OLDEST} years, by dates", on, impossible, tell, hide=True)
    return passed.where(can_be).astype("Int16")


def ages_of(texts: pd.Series[str], tell: Tell) -> pd.Series[int]:
    """Return ages in whole years, null where not known; cells that are not an age are reported."""
    years = years_of(texts)
    tell_unread("ages", texts, years.isna().to_numpy(dtype=bool), tell)
    return years


def _visits(table: pd.DataFrame, column: str | None, tell: Tell) -> pd.Series[int]:
    if column is None:
        return unknown(table.index, "Int16")
    visits = counts_of(table[column])
    tell_unread("numbers of visits", table[column], visits.isna().to_numpy(dtype=bool), tell)
    return visits


def unknown(rows: pd.Index, kind: str) -> pd.Series:
    """Return a column without any known values."""
    return pd.Series(pd.NA, index=rows, dtype=kind)
