"""The findings that the NIH ChestX-ray14 table may name, and the subsets that protocols use.

Wang et al., "ChestX-ray8", CVPR 2017, and the data set's own FAQ for the six that came later.
"""

from __future__ import annotations

NIH_FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)
"""NIH's fourteen findings in NIH's order."""

NO_FINDING = "No Finding"
"""What NIH's table says where none of the fourteen was mentioned."""


def spoken(finding: str) -> str:
    """Return a finding's name as a person writes it: `Pleural_Thickening` -> `Pleural thickening`.

    Abbreviations stay: `Enlarged_PA` -> `Enlarged PA`.
    """
    words = finding.replace("_", " ").split()
    plain = " ".join(word if word.isupper() else word.lower() for word in words)
    return plain[:1].upper() + plain[1:]
