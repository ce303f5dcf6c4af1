"""Who a radiograph is of, and how it was taken, by a map."""

from __future__ import annotations

import pandas as pd

from cxrtune.cohort.nih import OLDEST, counts_of, years_of
from cxrtune.cohort.own.cohort_map import Age, CohortMap, Translated
from cxrtune.errors import DataError

_VIEWS, _SEXES = ("PA", "AP"), ("M", "F")


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


def people(table: pd.DataFrame, names: pd.Series[str], wanted: CohortMap) -> pd.DataFrame:
    """Return the columns patient, view, sex, age and followup.

    Raises:
        DataError: A row has no patient.
    """
    return pd.DataFrame(
        {
            "patient": _patients(table, names, wanted),
            "view": _translated(table, wanted.view, _VIEWS),
            "sex": _translated(table, wanted.sex, _SEXES),
            "age": _ages(table, wanted.age),
            "followup": counts_of(table[wanted.followup]) if wanted.followup else _unknown(table, "Int16"),
        }
    )


def _patients(table: pd.DataFrame, names: pd.Series[str], wanted: CohortMap) -> pd.Series[str]:
    if wanted.patient.none:
        return names.copy()
    if wanted.patient.column is not None:
        patients, said = table[wanted.patient.column].str.strip(), f"column '{wanted.patient.column}'"
    else:
        assert wanted.patient.pattern is not None
        patients = names.str.extract(wanted.patient.pattern, expand=True)[0].fillna("")
        said = f"the pattern '{wanted.patient.pattern}'"
    without = patients.eq("").to_numpy()
    if without.any():
        row = int(without.argmax())
        raise DataError(
            f"{int(without.sum()):,} images have no patient by {said}, {names.iloc[row]} for one",
            remedy="There is no honest split without patients: mend the map, or say patient: {none: true}.",
        )
    return patients


def _translated(table: pd.DataFrame, column: Translated | None, allowed: tuple[str, ...]) -> pd.Series[str]:
    if column is None:
        return _unknown(table, "str")
    ours = table[column.column].str.strip().map(column.values)
    return ours.where(ours.isin(allowed)).astype("str")


def _ages(table: pd.DataFrame, age: Age | None) -> pd.Series[int]:
    if age is None:
        return _unknown(table, "Int16")
    if age.column is not None:
        codes, distinct = pd.factorize(table[age.column])
        years = years_of(pd.Series(distinct, dtype="str").str.replace(r"\.\d*\s*$", "", regex=True))
        return years.take(codes).set_axis(table.index)
    passed = _year(table[str(age.on)]) - _year(table[str(age.born)])
    return passed.where(passed.between(0, OLDEST)).astype("Int16")


def _year(dates: pd.Series[str]) -> pd.Series[float]:
    return pd.to_numeric(dates.str.extract(r"^\s*(\d{4})", expand=True)[0], errors="coerce")


def _unknown(table: pd.DataFrame, kind: str) -> pd.Series:
    return pd.Series(pd.NA, index=table.index, dtype=kind)
