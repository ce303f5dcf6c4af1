"""Predictions as structured reports: Comprehensive SR (PS3.3 A.35.3) using PS3.16 TID 1500."""

from __future__ import annotations

from importlib.metadata import version

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from cxrtune.scoring.prediction import FindingScore, ModelIdentity, Prediction
from cxrtune.serving.dicom_node import codes as ours
from cxrtune.serving.dicom_node.instance import DISCLAIMER, stable_uid, take_over
from cxrtune.serving.dicom_node.source import MANUFACTURER, SourceInstance

SERIES_NUMBER = 9801
_DECIMALS = 6
_CONTAINS = RelationshipTypeValues.CONTAINS


def structured_report(
    source: SourceInstance, prediction: Prediction, received: float, *, refuse: bool
) -> Dataset:
    """Make the report of one radiograph.

    One measurement group (TID 1501) per finding holds its probability, threshold and decision. The results of
    the quality checks, and the statement that this is research software, are qualitative evaluations.

    Args:
        source: The radiograph.
        prediction: The model's prediction for it.
        received: When it was received, in seconds since 1970.
        refuse: Omit the numbers if the quality checks flag the image.

    Returns:
        The data set, with file meta information.
    """
    # Different content must not have the same identifier.
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
    """Return the elements of the radiograph that highdicom needs; those of the patient are copied later."""
    stand_in = Dataset()
    stand_in.SOPClassUID, stand_in.SOPInstanceUID = source.sop_class, source.sop_instance
    stand_in.StudyInstanceUID, stand_in.SeriesInstanceUID = source.study, source.series
    for keyword in (
        *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
        *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
    ):
        setattr(stand_in, keyword, None)
    return stand_in


def report_content(source: SourceInstance, prediction: Prediction, *, silent: bool) -> MeasurementReport:
    """Return the content tree: observer, image, one measurement group per finding, and texts.

    Args:
        source: The radiograph.
        prediction: The model's prediction for it.
        silent: Omit the measurement groups.
    """
    identity = prediction.model
    content = MeasurementReport(
        observation_context=_observer(identity),
        procedure_reported=ours.PROCEDURE,
        imaging_measurements=[_group(source, score, identity) for score in prediction.findings],
        title=codes.DCM.ImagingMeasurementReport,
    )
    parts = list(content[0].ContentSequence)
    if silent:
        # highdicom requires measurements; the template does not if there are qualitative evaluations.
        parts = [part for part in parts if part.name != codes.DCM.ImagingMeasurements]
    content[0].ContentSequence = ContentSequence(
        [*parts, _image_library(source), _texts(prediction, silent=silent)]
    )
    return content


def _observer(identity: ModelIdentity) -> ObservationContext:
    # TID 1001, 1002, 1004: the device is the model, on whatever machine it runs.
    return ObservationContext(
        observer_device_context=ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
                uid=stable_uid("device", identity.sha256),
                name="cxrtune",
                manufacturer_name=MANUFACTURER,
                model_name=identity.title,
                serial_number=identity.sha256,
            ),
        )
    )


def _group(
    source: SourceInstance, score: FindingScore, identity: ModelIdentity
) -> MeasurementsAndQualitativeEvaluations:
    # TID 1501. Probability and threshold are on the same scale: calibrated if the model is.
    calibrated = score.probability is not None
    probability = score.score if score.probability is None else score.probability
    threshold = score.probability_threshold if calibrated else score.threshold
    measurements = [
        Measurement(
            name=ours.PROBABILITY,
            value=round(probability, _DECIMALS),
            unit=ours.NO_UNITS,
            method=ours.CALIBRATED if calibrated else ours.UNCALIBRATED,
        )
    ]
    if threshold is not None:
        measurements.append(
            Measurement(name=ours.THRESHOLD, value=round(threshold, _DECIMALS), unit=ours.NO_UNITS)
        )
    decisions = []
    if score.positive is not None:
        decision = ours.PRESENT if score.positive else ours.ABSENT
        decisions.append(QualitativeEvaluation(name=ours.DECISION, value=decision))
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=stable_uid("finding", source.sop_instance, identity.sha256, score.finding),
            identifier=score.finding,
        ),
        finding_type=ours.finding_code(score.finding),
        algorithm_id=_algorithm(identity),
        measurements=measurements,
        qualitative_evaluations=decisions or None,
        source_images=[
            SourceImageForMeasurementGroup(
                referenced_sop_class_uid=source.sop_class, referenced_sop_instance_uid=source.sop_instance
            )
        ],
    )


def _algorithm(identity: ModelIdentity) -> AlgorithmIdentification:
    # TID 4019
    return AlgorithmIdentification(
        name=identity.title,
        version=version("cxrtune"),
        parameters=[f"model SHA-256: {identity.sha256}", f"engine: {identity.engine}"],
        family=ours.ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


def _image_library(source: SourceInstance) -> ContainerContentItem:
    # TID 1600 to 1602; highdicom's own class requires elements that many radiographs lack.
    image = ImageContentItem(
        name=ours.SOURCE,
        referenced_sop_class_uid=source.sop_class,
        referenced_sop_instance_uid=source.sop_instance,
        relationship_type=_CONTAINS,
    )
    modality = CodeContentItem(
        name=codes.DCM.Modality,
        value=ours.modality_code(str(source.elements.get("Modality") or "")),
        relationship_type=RelationshipTypeValues.HAS_ACQ_CONTEXT,
    )
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=_CONTAINS)
    group.ContentSequence = ContentSequence([modality, image])
    library = ContainerContentItem(name=codes.DCM.ImageLibrary, relationship_type=_CONTAINS)
    library.ContentSequence = ContentSequence([group])
    return library


def _texts(prediction: Prediction, *, silent: bool) -> ContainerContentItem:
    # TID 1500: the container Qualitative Evaluations may hold texts about the whole image.
    texts = [(ours.COMMENT, DISCLAIMER)]
    for flag in prediction.quality.flags:
        about = "Not checked: " if flag.name == "not_checked" else "This image "
        texts.append((ours.QUALITY, f"{about}{flag.text}."))
    if silent:
        texts.append((ours.COMMENT, "No probabilities are given, as the quality checks flagged this image."))
    elif not prediction.quality.fit:
        texts.append(
            (
                ours.COMMENT,
                "The quality checks flagged this image: its probabilities mean less, or nothing.",
            )
        )
    container = ContainerContentItem(name=ours.QUALITATIVE, relationship_type=_CONTAINS)
    container.ContentSequence = ContentSequence(
        [TextContentItem(name=name, value=text, relationship_type=_CONTAINS) for name, text in texts]
    )
    return container
