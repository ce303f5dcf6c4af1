"""What cannot be a frontal chest radiograph: refused with a reason, let in by its own allowance only."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import ALLOWANCES, decode_dataset, decode_dicom
from dicom_made import data_set, dicom, file_of
from nih_folder import image_of

IMAGE = image_of(1)


def view_code(value: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "a view"
    return item


def two_frames() -> Dataset:
    made = data_set(IMAGE, bits=8, NumberOfFrames=2)
    made.PixelData += (255 - IMAGE).tobytes()
    return made


def colour() -> Dataset:
    made = data_set(IMAGE, bits=8, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    made.PixelData = np.dstack([IMAGE] * 3).tobytes()
    return made


def made(**elements) -> Dataset:
    return data_set(IMAGE, bits=8, **elements)


REFUSED = {
    "CT": (made(Modality="CT"), "modality", "is of modality CT, not CR or DX"),
    "mammography": (made(Modality="MG"), "modality", "is of modality MG, not CR or DX"),
    "secondary capture": (
        made(Modality="OT", SOPClassUID=SecondaryCaptureImageStorage),
        "modality",
        "is of modality OT (other), not CR or DX",
    ),
    "conventional radiography": (
        made(Modality="RG"),
        "modality",
        "is of modality RG (conventional radiography), not CR or DX",
    ),
    "fluoroscopy": (made(Modality="RF"), "modality", "is of modality RF (fluoroscopy), not CR or DX"),
    **{
        word: (made(Modality=word), "modality", f"is of modality {word}, not CR or DX")
        for word in ("DR", "XR", "XA")
    },
    "a modality nobody knows": (
        made(Modality="DOE_JANE"),
        "modality",
        "has an unknown modality, not CR or DX",
    ),
    "no modality, no class": (
        made(Modality=None, SOPClassUID=SecondaryCaptureImageStorage),
        "modality",
        "has no modality, not CR or DX",
    ),
    "raw by intent": (
        made(Modality="DX", PresentationIntentType="FOR PROCESSING"),
        "modality",
        "is meant for processing, not for presentation",
    ),
    "raw by class": (
        made(Modality="DX", SOPClassUID=DigitalXRayImageStorageForProcessing),
        "modality",
        "is meant for processing, not for presentation",
    ),
    "frames": (two_frames(), "multiframe", "has 2 frames, not one"),
    "colour": (colour(), "colour", "is in colour (RGB), not grey"),
    **{
        view: (made(ViewPosition=view), "lateral", f"is no frontal radiograph: its View Position is {view}")
        for view in ("LL", "RL", "LLD", "RLD", "LLO", "RLO")
    },
    "LATERAL": (
        made(ViewPosition="LATERAL"),
        "lateral",
        "is no frontal radiograph: its View Position says lateral",
    ),
    "view code": (
        made(ViewPosition=None, ViewCodeSequence=[view_code("399173006")]),
        "lateral",
        "is no frontal radiograph: its view code says lateral",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_its_reason_unless_allowed(case):
    dataset, allowance, reason = REFUSED[case]
    others = frozenset(ALLOWANCES) - {allowance}
    for allow in (frozenset(), others):
        with pytest.raises(UnreadableImageError) as refused:
            decode_dicom(file_of(dataset), allow)
        assert refused.value.reason == f"{reason}; allow '{allowance}' to read it all the same"
    np.testing.assert_array_equal(decode_dicom(file_of(dataset), frozenset([allowance])).pixels, IMAGE)
    np.testing.assert_array_equal(decode_dataset(dataset, frozenset(ALLOWANCES)).pixels, IMAGE)


@pytest.mark.parametrize(
    "elements",
    [
        {"ViewPosition": "AP"},
        {"ViewPosition": ""},
        {"ViewPosition": None},
        {"ViewCodeSequence": [view_code("399348003")]},  # antero-posterior
        {"Modality": "DX", "SOPClassUID": DigitalXRayImageStorageForPresentation},
        # As several public collections are: what a converter made of a radiograph.
        {"Modality": "CR", "SOPClassUID": SecondaryCaptureImageStorage},
        {"Modality": None},
        {"Modality": ["CR", "DX"]},
        {"BodyPartExamined": "KNEE"},  # wrong too often to be asked
        {"NumberOfFrames": 1},
    ],
    ids=str,
)
def test_frontal_radiographs_are_let_in(elements):
    np.testing.assert_array_equal(decode_dicom(file_of(made(**elements))).pixels, IMAGE)


def test_a_palette_becomes_luma_when_colour_is_allowed():
    palette = np.random.default_rng(1).integers(0, 256, (256, 3)) * 257
    elements = {}
    for number, name in enumerate(("Red", "Green", "Blue")):
        elements[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"{name}PaletteColorLookupTableData"] = palette[:, number].astype("<u2").tobytes()
    found = decode_dataset(made(PhotometricInterpretation="PALETTE COLOR", **elements), frozenset(["colour"]))
    assert np.abs(found.pixels - palette[IMAGE] @ [0.299, 0.587, 0.114]).max() <= 0.5 + 65535 * 2**-14


def test_colour_of_fewer_bits_than_allocated_is_spread_over_the_range():
    stored = np.random.default_rng(2).integers(0, 1024, (9, 10, 3))
    dataset = data_set(
        stored[..., 0], ExplicitVRLittleEndian, bits=10, SamplesPerPixel=3, PlanarConfiguration=0
    )
    dataset.PhotometricInterpretation, dataset.PixelData = "RGB", stored.astype("<u2").tobytes()
    found = decode_dataset(dataset, frozenset(["colour"])).pixels
    assert np.abs(found - stored @ [0.299, 0.587, 0.114] * 65535 / 1023).max() <= 1 + 65535 * 2**-14


def test_no_reason_repeats_what_a_file_says_of_somebody():
    for keyword in (
        "Modality",
        "ViewPosition",
        "PhotometricInterpretation",
        "VOILUTFunction",
        "PresentationLUTShape",
    ):
        elements = {"WindowCenter": "1", "WindowWidth": "2", keyword: "JANE DOE LAT"}
        with pytest.raises(UnreadableImageError) as refused:
            decode_dicom(dicom(IMAGE, bits=8, **elements))
        assert "DOE" not in str(refused.value).upper()
