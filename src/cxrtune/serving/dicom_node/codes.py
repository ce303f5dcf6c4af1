"""Codes of findings and measurements in coding schemes that other programs know.

SNOMED CT (SCT) and DICOM's own codes (DCM) are used where their meaning is that of the finding: the codes of
PS3.16 that pydicom includes, and SNOMED CT's codes for disorders of the lung, pleura and heart. NIH's labels
are words taken from reports, so the concept is what the word names. Where no code clearly applies, the name
of the finding is the code, in the private scheme 99CXRTUNE (PS3.16 8.2: private designators begin with 99).
"""

from __future__ import annotations

import hashlib

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from cxrtune.findings import spoken

SCHEME = "99CXRTUNE"

FINDING_CODES: dict[str, tuple[str, str, str]] = {
    "Atelectasis": ("46621007", "SCT", "Atelectasis"),
    "Cardiomegaly": ("8186001", "SCT", "Cardiomegaly"),
    "Effusion": ("60046008", "SCT", "Pleural effusion"),
    "Infiltration": ("112121", "DCM", "Infiltrate"),
    "Mass": ("4147007", "SCT", "Mass"),
    "Nodule": ("27925004", "SCT", "Nodule"),
    "Pneumonia": ("233604007", "SCT", "Pneumonia"),
    "Pneumothorax": ("36118008", "SCT", "Pneumothorax"),
    "Consolidation": ("95436008", "SCT", "Lung consolidation"),
    "Edema": ("19242006", "SCT", "Pulmonary edema"),
    "Emphysema": ("87433001", "SCT", "Pulmonary emphysema"),
    "Fibrosis": ("51615001", "SCT", "Fibrosis of lung"),
    "Pleural_Thickening": ("pleural-thick", SCHEME, "Pleural thickening"),
    "Hernia": ("hernia", SCHEME, "Hernia"),
}
"""Code value, scheme and meaning of NIH's fourteen findings."""

PROBABILITY = CodedConcept("122157", "DCM", "Probability")
THRESHOLD = CodedConcept("threshold", SCHEME, "Decision threshold")
DECISION = CodedConcept("decision", SCHEME, "Decision at the threshold")
PRESENT = CodedConcept("52101004", "SCT", "Present")
ABSENT = CodedConcept("272519000", "SCT", "Absent")
CALIBRATED = CodedConcept("calibrated", SCHEME, "Calibrated on validation images")
UNCALIBRATED = CodedConcept("uncalibrated", SCHEME, "As the network gives it, not calibrated")
NO_UNITS = CodedConcept("1", "UCUM", "no units")
SOURCE = CodedConcept("260753009", "SCT", "Source")
PROCEDURE = CodedConcept("399208008", "SCT", "Plain chest X-ray")
QUALITATIVE = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
COMMENT = CodedConcept.from_code(codes.DCM.Comment)
QUALITY = CodedConcept.from_code(codes.DCM.QualityFinding)
ARTIFICIAL_INTELLIGENCE = CodedConcept.from_code(codes.DCM.ArtificialIntelligence)

_LONGEST_CODE = 16  # PS3.5 6.2: Code Value is a short string, Code Meaning a long one
_LONGEST_MEANING = 64


def modality_code(modality: str) -> CodedConcept:
    """Return the code of a modality (PS3.16 CID 29): computed radiography if CR, else digital."""
    return CodedConcept.from_code(
        codes.DCM.ComputedRadiography if modality == "CR" else codes.DCM.DigitalRadiography
    )


def finding_code(finding: str) -> CodedConcept:
    """Return the code of a finding, or a private code if no public one is known."""
    known = FINDING_CODES.get(finding)
    if known is not None:
        return CodedConcept(*known)
    code = (
        finding
        if len(finding) <= _LONGEST_CODE
        else hashlib.sha256(finding.encode()).hexdigest()[:_LONGEST_CODE]
    )
    return CodedConcept(code, SCHEME, spoken(finding)[:_LONGEST_MEANING])
