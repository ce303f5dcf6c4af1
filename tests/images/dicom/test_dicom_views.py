"""Which views are let in: words in several languages, codes, directions."""

import warnings

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sr.codedict import codes

from cxrtune.errors import UnreadableImageError
from cxrtune.images.dicom import decode_dataset, decode_dicom
from cxrtune.images.dicom.admission import other_view
from dicom_made import data_set, file_of
from nih_folder import image_of

IMAGE = image_of(1)
FRONTAL = """PA|AP|pa|PA ERECT|AP SUPINE|AP FLAT|AP PLATE|PA BILATERAL|UNILATERAL|AP CONTRALATERAL|PORTABLE AP
    |FRONTAL|FRENTE|FACE|ANTERO-POSTERIOR|POSTEROANTERIOR|PA LORDOTIC|LORDOTIC|AP AXIAL|APICAL|GENERICA|LATE
    |LATIN|DILATED|PLATEAU|AP HORIZONTAL|AP TABLE|EXPIRATION|INSPIRATION|PA 1|L|R|AP LEFT|ISOLATED"""
LATERAL = """LATERAL|lateral|Lat.|LAT|LATS|LAT_L|LAT1|L LAT|LLAT|RTLAT|CHEST LAT|CHESTLAT|LEFTLATERAL
    |LATERALLEFT|LATERALE|LATERAAL|LATERO-LATERALE|AP/LAT|PA+LAT|SEITLICH|SEITL.|THORAX SEITE|PROFIL|PROFIL G
    |PROFILO|PERFIL|ZIJDELINGS|DWARS|BOCZNE|BO\u010cN\u00cd|OLDALIRANYU|SIVU|SAGITTAL|MEDIOLATERAL|ML|LM
    |XTABLE|X-TABLE|X TABLE LAT|CROSS TABLE|CROSSTABLE|SWIMMERS|SWIMMER'S"""
OBLIQUE = "OBLIQUE|PA OBLIQUE|OBLICUA|OBL\u00cdQUA|OBLIQUO|OBL|OBL. LEFT|SCHR\u00c4G|SCHRAEG|MLO|LMO"
DECUBITUS = "DECUBITUS|D\u00c9CUBITUS|PA DECUBITO|LATDECUB|LEFT LATERAL DECUBITUS|DECUB R"


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split("|")]


def said_of(**elements) -> str | None:
    dataset = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, on values that a code string may not have
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
    return other_view(dataset)


def coded(code: str, meaning: str, **more) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", meaning
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return [item]


@pytest.mark.parametrize("view", words(FRONTAL))
def test_words_for_frontal_views_are_let_in(view):
    assert said_of(ViewPosition=view) is None


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        (view, kind)
        for kind, said in {"lateral": LATERAL, "oblique": OBLIQUE, "decubitus": DECUBITUS}.items()
        for view in words(said)
    ],
)
def test_words_for_other_views_are_known_in_several_languages(view, kind):
    assert said_of(ViewPosition=view) in (
        f"its View Position says {kind}",
        f"its View Position {'is' if view == 'LAT' else 'says'} {kind}",
    )


@pytest.mark.parametrize("code", ["LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO"])
def test_codes_for_other_views_are_named_alone_and_among_others(code):
    assert said_of(ViewPosition=code) == f"its View Position is {code}"
    assert said_of(ViewPosition=code.lower()) == f"its View Position is {code}"
    assert said_of(ViewPosition=f"PA {code}") == f"its View Position says {code}"
    assert said_of(ViewPosition=["PA", code]) == f"its View Position is {code}"


def test_several_frontal_views_are_frontal():
    assert said_of(ViewPosition=["PA", "AP"]) is None
    assert said_of(ViewPosition=["", "PA"]) is None


NAMED = {name: getattr(codes.cid4010, name) for name in codes.cid4010.dir()}
FRONTAL_CODES = {"Frontal", "AnteroPosterior", "PosteroAnterior"}


@pytest.mark.parametrize("name", NAMED)
def test_every_code_of_the_standards_context_group_is_known(name):
    said = said_of(ViewCodeSequence=coded(NAMED[name].value, ""))
    if name in FRONTAL_CODES:
        assert said is None
    elif "blique" in NAMED[name].meaning:
        assert said == "its view code says oblique"
    elif NAMED[name].meaning in ("lateral", "left lateral", "right lateral", "medial-lateral", "Sagittal"):
        assert said == "its view code says lateral"
    else:
        assert said is not None


def test_the_standards_context_group_is_what_it_was():
    assert len(NAMED) == 42
    assert set(NAMED) >= FRONTAL_CODES


@pytest.mark.parametrize(
    ("code", "said"),
    [("R-10236", "lateral"), ("R-10232", "lateral"), ("R-102CD", "lateral"), ("R-10218", "oblique")],
)
def test_codes_of_the_older_scheme_are_known(code, said):
    assert said_of(ViewCodeSequence=coded(code, "")) == f"its view code says {said}"
    assert said_of(ViewCodeSequence=coded("R-10206", "")) is None


def test_a_code_of_a_vendor_is_known_by_its_meaning():
    assert said_of(ViewCodeSequence=coded("X7", "Thorax seitlich")) == "its view code says lateral"
    assert said_of(ViewCodeSequence=coded("X7", "Thorax PA bilateral")) is None
    modifier = coded("111069", "Crosstable")
    frontal = coded("399348003", "antero-posterior", ViewModifierCodeSequence=modifier)
    assert said_of(ViewCodeSequence=frontal) == "its view code says lateral"
    cephalad = coded("399348003", "antero-posterior", ViewModifierCodeSequence=coded("399196006", "cephalad"))
    assert said_of(ViewCodeSequence=cephalad) is None


@pytest.mark.parametrize(
    ("directions", "kind"),
    [
        (["L", "F"], None),
        (["R", "F"], None),
        (["F", "L"], None),
        (["L", "FP"], None),  # a beam that is a little inclined
        (["A", "F"], "lateral"),
        (["P", "F"], "lateral"),
        (["F", "A"], "lateral"),
        (["AF", "HA"], "lateral"),
        (["a", "f"], "lateral"),
        (["P"], "lateral"),
        (["LA", "F"], "oblique"),
        (["RP", "FP"], "oblique"),
        (["AP"], None),  # no direction, but a view in the wrong place
        (["PRONE"], None),
        ("", None),
    ],
)
def test_a_view_may_be_told_by_patient_orientation_alone(directions, kind):
    wanted = None if kind is None else f"its Patient Orientation says {kind}"
    assert said_of(PatientOrientation=directions) == wanted
    assert said_of(PatientOrientation=directions, ViewPosition="PA") == wanted


def test_a_decubitus_may_be_told_by_the_code_of_patient_orientation():
    for modifier, said in (
        ("left lateral decubitus", "its Patient Orientation says decubitus"),
        ("supine", None),
    ):
        code = coded("102538003", "recumbent", PatientOrientationModifierCodeSequence=coded("1", modifier))
        assert said_of(PatientOrientationCodeSequence=code) == said


def test_descriptions_of_a_series_are_not_read():
    assert said_of(SeriesDescription="Chest lateral", StudyDescription="Chest PA and lateral") is None


@pytest.mark.parametrize(
    "elements",
    [
        {"ViewPosition": "SEITLICH"},
        {"ViewPosition": ["PA", "LL"]},
        {"ViewPosition": None, "PatientOrientation": ["A", "F"]},
        {"ViewPosition": None, "ViewCodeSequence": coded("399312000", "antero-posterior oblique")},
        {
            "PatientOrientationCodeSequence": coded(
                "1", "recumbent", PatientOrientationModifierCodeSequence=coded("2", "lateral decubitus")
            )
        },
    ],
    ids=str,
)
def test_a_file_that_says_so_is_refused_unless_laterals_are_allowed(elements):
    dataset = data_set(IMAGE, bits=8, **elements)
    for decode, given in ((decode_dicom, file_of(dataset)), (decode_dataset, dataset)):
        with pytest.raises(UnreadableImageError) as refused:
            decode(given)
        assert refused.value.reason.startswith("is no frontal radiograph: its ")
        assert refused.value.reason.endswith("; allow 'lateral' to read it all the same")
        np.testing.assert_array_equal(decode(given, frozenset(["lateral"])).pixels, IMAGE)
