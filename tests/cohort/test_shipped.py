"""NIH's images are told from others that are named like them."""

import numpy as np
import pytest

from cxrtune.cohort.nih import read_table
from cxrtune.cohort.shipped import NIH_TABLE, is_of_nih, shipped_table
from cxrtune.cohort.table import CohortTable


@pytest.fixture(scope="module")
def nih_rows():
    table = read_table(shipped_table(NIH_TABLE)).sample(600, random_state=0).reset_index(drop=True)
    table.insert(6, "split", "test")
    return table


def test_a_part_of_nih_is_nih(nih_rows):
    assert is_of_nih(CohortTable(nih_rows))


def test_other_people_under_nihs_file_names_are_not(nih_rows):
    shuffled = np.random.default_rng(0).permutation(len(nih_rows))
    described = nih_rows[["patient", "sex", "view"]].iloc[shuffled].reset_index(drop=True)
    assert not is_of_nih(CohortTable(nih_rows.assign(**described)))


def test_nihs_people_under_other_file_names_are_not(nih_rows):
    assert not is_of_nih(CohortTable(nih_rows.assign(image="hospital-" + nih_rows["image"])))
