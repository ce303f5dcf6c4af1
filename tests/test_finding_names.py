"""Names of findings are columns of tables and names of files: those that collide are refused."""

import numpy as np
import pandas as pd
import pytest

from cxrtune.cohort.table import DESCRIPTION, CohortTable, read_cohort
from cxrtune.errors import DataError
from cxrtune.evaluation.calls import averages
from cxrtune.findings import NIH_FINDINGS, RESERVED, fault_of_names, plain_name
from cxrtune.models.description import ModelInfo
from cxrtune.predictions import ModelCard, Predictions
from cxrtune.recipe import Recipe
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.scoring.rows import failed_row, table_of


@pytest.mark.parametrize(
    "names",
    [
        NIH_FINDINGS,
        ("Edema", "Pulmonary_Edema", "Effusion", "Pleural Effusion"),
        ("COVID-19", "ILD", "Épanchement", "Auxiliary", "Imaging"),
    ],
)
def test_names_that_can_be_told_apart_are_taken(names):
    assert fault_of_names(names) is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("quality",), "'quality' cannot be the name of a finding: tables of predictions and results have"),
        (("Mass", "Quality"), "'Quality' cannot be the name of a finding"),
        (("Age",), "'Age' cannot be the name of a finding"),
        (("macro average",), "'macro average' cannot be the name of a finding"),
        (("probability_Mass",), "'probability_Mass' cannot be the name of a finding"),
        (("Positive Mass",), "'Positive Mass' cannot be the name of a finding"),
        (("Aux",), "'Aux' cannot be the name of a finding: no file can have that name on Windows"),
        (("com1",), "no file can have that name on Windows"),
        (("Edema", "edema"), "the findings 'Edema' and 'edema' cannot be told apart"),
        (("Lung Opacity", "lung-opacity"), "'Lung Opacity' and 'lung-opacity' cannot be told apart"),
        (("Mass", "Mass"), "the findings 'Mass' and 'Mass' cannot be told apart"),
        (("Mass ",), "take letters, digits"),
        (("1st",), "begin with a letter"),
        (("Nodule/Mass",), "take letters, digits"),
        (("..",), "take letters, digits"),
        (("M" * 200,), "it has more than 80 characters"),
    ],
)  # fmt: skip
def test_names_that_collide_or_cannot_be_stored_are_named(names, said):
    assert said in fault_of_names(names)


def test_all_other_columns_of_our_tables_are_reserved():
    info = ModelInfo(("Mass",), Recipe(), "")
    table = table_of(info, ModelIdentity("", "", ""), ["a.png"], [failed_row("no image")])
    others = {name for name in table.more if not name.startswith(("probability_", "positive_"))}
    none = np.zeros((2, 1), dtype=bool)
    rows = {f"{average} avg" for average in averages(none, none, none)} | {"macro average"}
    assert {plain_name(name) for name in {*DESCRIPTION, *others, *rows}} == RESERVED


def test_a_table_with_two_columns_of_one_name_is_not_written(tmp_path):
    more = {"quality": pd.array(["fit"], dtype="string")}
    names, scores = np.array(["a.png"], dtype=object), np.array([[0.5]], dtype=np.float32)
    table = Predictions(names, names, ("Quality",), scores, ModelCard("m", ""), more)
    with pytest.raises(DataError, match="would have two columns 'quality'"):
        table.write(tmp_path / "scores.csv")
    assert not list(tmp_path.iterdir())


def test_a_hand_made_cohort_is_held_to_the_same_names(tmp_path):
    frame = pd.DataFrame({name: ["x"] for name in DESCRIPTION}).assign(split="train", Quality=1)
    CohortTable(frame).write(tmp_path / "c.parquet")
    with pytest.raises(DataError, match="is no cohort table: 'Quality' cannot be the name of a finding"):
        read_cohort(tmp_path / "c.parquet")
