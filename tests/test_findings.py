"""Findings as people write them."""

import pytest

from cxrtune.findings import spoken


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Pleural_Thickening", "Pleural thickening"),
        ("Lung Opacity", "Lung opacity"),
        ("Enlarged_PA", "Enlarged PA"),
        ("COPD", "COPD"),
        ("rib_fracture", "Rib fracture"),
    ],
)
def test_a_name_is_spoken_as_a_person_writes_it(name, words):
    assert spoken(name) == words
