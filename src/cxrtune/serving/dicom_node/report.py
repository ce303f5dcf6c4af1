"""A prediction as a structured report: Comprehensive SR (PS3.3 A.35.3), PS3.16 TID 1500."""

from __future__ import annotations

from highdicom.sr import ComprehensiveSR
from pydicom import Dataset

from cxrtune.inference.prediction import Prediction
from cxrtune.serving.dicom_node.content import report_content
from cxrtune.serving.dicom_node.instance import take_over
from cxrtune.serving.dicom_node.source import MANUFACTURER, SourceInstance
from cxrtune.serving.dicom_node.uids import stable_uid

SERIES_NUMBER = 9801


def structured_report(
    source: SourceInstance, prediction: Prediction, received: float, *, refuse: bool
) -> Dataset:
    """Make the report of one radiograph.

    A measurement group (TID 1501) a finding holds its probability, its threshold and the decision. What
    the quality checks found, and that this is research software, stands among the qualitative evaluations.

    Args:
        source: The radiograph.
        prediction: What the model says of it.
        received: When it came, in seconds since 1970.
        refuse: Give no numbers if the quality checks flag the picture.

    Returns:
        The data set, with its file meta information.
    """
    # Another content must not come under the same identifier.
    depends_on = (source.sop_instance, prediction.model.sha256, "refuse" if refuse else "all")
    report = ComprehensiveSR(
        evidence=[_stand_in(source)],
        content=report_content(source, prediction, silent=refuse and not prediction.quality.fit),
        series_instance_uid=stable_uid("report series", *depends_on),
        series_number=SERIES_NUMBER,
        sop_instance_uid=stable_uid("report", *depends_on),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="cxrtune",
        series_description="cxrtune: research, not for clinical use",
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    take_over(report, source, received)
    return report


def _stand_in(source: SourceInstance) -> Dataset:
    """Return what the library needs of the radiograph; the patient's elements are copied later."""
    stand_in = Dataset()
    stand_in.SOPClassUID, stand_in.SOPInstanceUID = source.sop_class, source.sop_instance
    stand_in.StudyInstanceUID, stand_in.SeriesInstanceUID = source.study, source.series
    for keyword in (
        *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
        *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
    ):
        setattr(stand_in, keyword, None)
    return stand_in
