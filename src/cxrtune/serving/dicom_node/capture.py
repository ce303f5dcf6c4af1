"""Heatmaps as secondary captures: one colour image per finding, which every viewer can show.

A presentation state cannot hold a heatmap: a softcopy presentation state has no colour overlay of its own,
and few viewers support blending. The burned-in text names the finding and the program, and no person.
"""

from __future__ import annotations

import cv2
import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from cxrtune.findings import spoken
from cxrtune.images.preprocess import reduced
from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.heatmap import heat, overlay
from cxrtune.scoring.prediction import FindingScore, Prediction
from cxrtune.serving.dicom_node.instance import DISCLAIMER, dated, stable_uid, take_over
from cxrtune.serving.dicom_node.source import MANUFACTURER, SourceInstance

SERIES_NUMBER = 9802
LONGEST_SIDE = 1024
"""Pixels; the underlying map has only a few positions per side."""

_NARROWEST = 320  # pixels; text on a narrower image would not be legible
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def heatmap_capture(
    source: SourceInstance,
    prediction: Prediction,
    finding: FindingScore,
    number: int,
    spec: PreprocessSpec,
    received: float,
) -> Dataset:
    """Make the secondary capture of a finding's heatmap.

    Args:
        source: The radiograph.
        prediction: The model's prediction for it.
        finding: One of the model's findings.
        number: Index of the finding in the model, from 0.
        spec: The preprocessing of the model.
        received: When the radiograph was received, in seconds since 1970.

    Returns:
        The data set, with file meta information.
    """
    pixels = reduced(prediction.pixels, LONGEST_SIDE)
    laid = overlay(pixels, heat(prediction.cam[number], pixels.shape, spec))
    model = prediction.model.sha256
    capture = SCImage(
        pixel_array=captioned(laid, f"{spoken(finding.finding)}: {_score(finding)}"),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),  # replaced below
        study_instance_uid=source.study,
        series_instance_uid=stable_uid("heatmap series", source.sop_instance, model),
        series_number=SERIES_NUMBER,
        sop_instance_uid=stable_uid("heatmap", source.sop_instance, model, finding.finding),
        instance_number=number + 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name="cxrtune",
        series_description="cxrtune heatmaps: research, not for clinical use",
    )
    take_over(capture, source, received)
    _describe(capture, source, finding, dated(source, received))
    return capture


def captioned(image: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    """Return an image, uint8 (H, W, 3), with text above and below, at least 320 pixels wide."""
    height, width, _ = image.shape
    wide = max(width, _NARROWEST)
    line = max(24, wide // 24)
    whole = np.zeros((height + 2 * line, wide, 3), dtype=np.uint8)
    left = (wide - width) // 2
    whole[line : line + height, left : left + width] = image
    _write(whole, title, line - line // 4)
    _write(whole, DISCLAIMER, height + 2 * line - line // 4)
    return whole


def _write(image: NDArray[np.uint8], text: str, baseline: int) -> None:
    width = image.shape[1]
    (natural, _), _ = cv2.getTextSize(text, _FONT, 1.0, 1)
    scale = min(width / 640, (width - 12) / natural)
    cv2.putText(image, text, (6, baseline), _FONT, scale, (255, 255, 255), 1, cv2.LINE_AA)


def _score(finding: FindingScore) -> str:
    if finding.probability is None:
        return f"{finding.score:.3f}, not calibrated"
    return f"{finding.probability:.3f}"


def _describe(
    capture: Dataset, source: SourceInstance, finding: FindingScore, date_and_time: tuple[str, str]
) -> None:
    elements = source.elements
    capture.ImageType = ["DERIVED", "SECONDARY"]
    capture.ConversionType = "WSD"
    capture.DateOfSecondaryCapture, capture.TimeOfSecondaryCapture = date_and_time
    capture.DerivationDescription = (
        f"Evidence for {spoken(finding.finding)} laid over the radiograph. {DISCLAIMER}"
    )
    capture.ImageComments = DISCLAIMER
    orientation = elements.get("PatientOrientation")
    # Type 2C: empty if the radiograph does not state it (PS3.3 C.7.6.1).
    capture.PatientOrientation = list(orientation) if orientation and len(orientation) == 2 else None
    # The model assumes a chest radiograph. Without this element, Laterality is required (PS3.3 C.7.3.1).
    capture.BodyPartExamined = "CHEST"
    # Our own text does not identify the patient; what is burned into the radiograph is unknown to us.
    capture.BurnedInAnnotation = "NO" if elements.get("BurnedInAnnotation") == "NO" else "YES"
    capture.LossyImageCompression = "01" if elements.get("LossyImageCompression") == "01" else "00"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if capture.LossyImageCompression == "01" and keyword in elements:
            capture[keyword] = elements[keyword]
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = (
        source.sop_class,
        source.sop_instance,
    )
    reference.PurposeOfReferenceCodeSequence = [_coded(codes.DCM.SourceImageForImageProcessingOperation)]
    capture.SourceImageSequence = [reference]


def _coded(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    return item
