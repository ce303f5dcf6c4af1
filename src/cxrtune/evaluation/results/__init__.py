"""What an evaluation found, as it is stored in `results.json`.

A value that is not defined (an AUROC without positives, a precision without positive calls) is
None, `null` in the file, and always stands beside the counts that it would have rested on.
"""

from __future__ import annotations

from cxrtune.evaluation.results.comparison import (
    AreaResult,
    Attribute,
    CallComparison,
    CallDifference,
    Comparison,
    Group,
    GroupFinding,
    GroupModel,
    OutsideResult,
    PairedResult,
    SecondTruth,
    SecondTruthFinding,
)
from cxrtune.evaluation.results.finding import (
    CalibrationQuality,
    CalibrationResult,
    CurveResult,
    FindingResult,
    NetBenefitPoint,
    OperatingPointResult,
    ReliabilityBin,
    StatedPrevalence,
)
from cxrtune.evaluation.results.localization import (
    Localization,
    LocalizationDifference,
    LocalizationFinding,
    LocalizationValues,
)
from cxrtune.evaluation.results.model import (
    AverageResult,
    ChosenOn,
    Contamination,
    Example,
    MissingModel,
    ModelResult,
)
from cxrtune.evaluation.results.record import Interval, Intervals
from cxrtune.evaluation.results.whole import (
    SCHEMA,
    Bootstrap,
    Caution,
    FindingCount,
    Origin,
    SplitCount,
    SplitProfile,
    StoredResults,
)

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
    "SecondTruth",
    "SecondTruthFinding",
    "SplitCount",
    "SplitProfile",
    "StatedPrevalence",
    "StoredResults",
]
