"""What an evaluation found, as it is stored in `results.json`.

A value that is not defined (an AUROC without positives, a precision without positive calls) is
None, `null` in the file, and always stands beside the counts that it would have rested on.
"""

from __future__ import annotations

from cxrtune.evaluation.results.basis import ChosenOn, Origin
from cxrtune.evaluation.results.calibration import CalibrationQuality, CalibrationResult, ReliabilityBin
from cxrtune.evaluation.results.caution import Caution
from cxrtune.evaluation.results.cohort import FindingCount, Shift, SplitCount
from cxrtune.evaluation.results.comparison import Comparison, OutsideResult, PairedResult
from cxrtune.evaluation.results.curve import CurveResult, NetBenefitPoint
from cxrtune.evaluation.results.groups import Attribute, Group, GroupFinding, GroupModel
from cxrtune.evaluation.results.localization import (
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
)
from cxrtune.evaluation.results.model import (
    AreaResult,
    AverageResult,
    Contamination,
    Example,
    FindingResult,
    MissingModel,
    ModelResult,
    OperatingPointResult,
    StatedPrevalence,
)
from cxrtune.evaluation.results.paired_calls import CallComparison, CallDifference
from cxrtune.evaluation.results.record import Interval, Intervals
from cxrtune.evaluation.results.truth import SecondTruth, SecondTruthFinding
from cxrtune.evaluation.results.whole import SCHEMA, Bootstrap, Results

__all__ = [
    "SCHEMA",
    "AreaResult",
    "Attribute",
    "AverageResult",
    "Bootstrap",
    "CalibrationQuality",
    "CalibrationResult",
    "CallComparison",
    "CallDifference",
    "Caution",
    "ChosenOn",
    "Comparison",
    "Contamination",
    "CurveResult",
    "Example",
    "FindingCount",
    "FindingResult",
    "Group",
    "GroupFinding",
    "GroupModel",
    "Interval",
    "Intervals",
    "Localization",
    "LocalizationDifference",
    "LocalizationFinding",
    "LocalizationValues",
    "MissingModel",
    "ModelResult",
    "NetBenefitPoint",
    "OperatingPointResult",
    "Origin",
    "OutsideResult",
    "PairedResult",
    "ReliabilityBin",
    "Results",
    "SecondTruth",
    "SecondTruthFinding",
    "Shift",
    "SplitCount",
    "StatedPrevalence",
]
