"""Checks that refuse what cannot be a frontal chest radiograph: modality, frames, colour, view.

Words that name views are compared as whole words: FLAT, PLATE and BILATERAL contain LAT, but do not name
lateral views.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from cxrtune.errors import UnreadableImageError, UsageError
from cxrtune.images.dicom.elements import text, values
from cxrtune.shown import quoted

if TYPE_CHECKING:
    from pydicom import Dataset

    from cxrtune.images.dicom.header import Header

Allowance = Literal["modality", "multiframe", "colour", "lateral"]

ALLOWANCES: tuple[Allowance, ...] = get_args(Allowance)
"""Kinds of files that are refused by default, and that a user may allow."""


def allowances_of(names: Iterable[str]) -> tuple[Allowance, ...]:
    """Return the allowances that a user has named, without duplicates.

    Raises:
        UsageError: A name is not that of an allowance.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in ALLOWANCES:
            raise UsageError(
                f"`allow` does not know {quoted(name)}", remedy=f"Choose of: {', '.join(ALLOWANCES)}."
            )
    return tuple(kind for kind in ALLOWANCES if kind in wanted)


_RADIOGRAPHY = frozenset({"CR", "DX"})
"""Modalities of projection radiography (PS3.3 C.7.3.1.1.1)."""

# Only a modality listed here is repeated in a reason: any other text might be the name of a person. These are
# the modalities of the standard, including retired ones, and three that vendors write for CR and DX.
_KNOWN_MODALITIES = frozenset(
    """
    AR AS ASMT AU BDUS BI BMD CD CF CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ES
    FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV
    OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD
    RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC
    DR XR RAD
    """.split()  # noqa: SIM905 a list would be a hundred lines
)
_SPELLED_OUT = {"RG": "conventional radiography", "RF": "fluoroscopy", "OT": "other"}

_GREY, _COLOUR = (
    frozenset({"MONOCHROME1", "MONOCHROME2"}),
    frozenset({"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}),
)


def check_admission(header: Header, allow: frozenset[Allowance]) -> None:
    """Refuse an image that is not a frontal chest radiograph, except for what the user allows.

    Body Part Examined is not checked: it is wrong too often, and the OOD check examines the image itself.

    Raises:
        UnreadableImageError: The image has another modality, several frames or colour, is a raw image, or is
            not a frontal view. Each reason names the allowance that accepts it.
    """
    if "modality" not in allow:
        _check_modality(header)
    if header.frames > 1 and "multiframe" not in allow:
        raise _refusal(f"has {header.frames:,} frames, not one", "multiframe")
    if header.photometric not in _GREY | _COLOUR:
        raise UnreadableImageError("has a Photometric Interpretation that is not supported")
    if header.photometric in _GREY and header.samples != 1:
        raise UnreadableImageError(f"is damaged: it claims to be grey with {header.samples} samples a pixel")
    if header.photometric in _COLOUR and "colour" not in allow:
        raise _refusal(f"is in colour ({header.photometric}), not grey", "colour")
    if header.other_view is not None and "lateral" not in allow:
        raise _refusal(f"is no frontal radiograph: {header.other_view}", "lateral")


def is_grey(header: Header) -> bool:
    """Return whether the image has one of the two grey photometric interpretations (PS3.3 C.7.6.3.1.2)."""
    return header.photometric in _GREY


def _refusal(reason: str, allowance: Allowance) -> UnreadableImageError:
    return UnreadableImageError(f"{reason}; allow '{allowance}' to read it all the same")


def _check_modality(header: Header) -> None:
    if header.modality not in _RADIOGRAPHY and not (header.modality == "" and header.is_radiograph_class):
        if header.modality in _KNOWN_MODALITIES:
            meaning = _SPELLED_OUT.get(header.modality)
            what = f"is of modality {header.modality}" + (f" ({meaning})" if meaning else "")
        else:
            what = "has an unknown modality" if header.modality else "has no modality"
        raise _refusal(f"{what}, not CR or DX", "modality")
    if header.is_raw:
        # PS3.3 C.8.11.1.1.1: such pixels are for further processing, not for viewing.
        raise _refusal("is meant for processing, not for presentation", "modality")


_CODES_OF_VIEW_POSITION = frozenset(
    # Defined terms (PS3.3 C.8.1.1), and the four oblique views that are commonly used as well.
    {"LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO"}
)

# The first pattern that matches a word decides. In practice, View Position is free text in any language.
_WORDS: Mapping[str, re.Pattern[str]] = {
    "decubitus": re.compile(r"\w*DE[CK]UB\w*|LLD|RLD"),
    "oblique": re.compile(r"\w*OBLI[QCK]\w*|OBL[IQ]?S?|[LR]T?OBL|SCHRAE?G\w*|SKOSN\w*|[LR][APL]O|MLO|LMO"),
    "lateral": re.compile(
        # Latin and English, with prefixes for sides and parts.
        r"(?!(?:BI|UNI|IPSI|HOMO|CONTRA|CONTRO|COL)LATERA)\w*LATER[AO]\w*"
        r"|(?:L|R|LT|RT|LEFT|RIGHT|CHEST|THORAX|TORAX|CXR|XTABLE)?LATS?|LL|RL|ML|LM"
        # Romance; German and Dutch; Slavic; Scandinavian; Hungarian, Turkish, Finnish, Vietnamese, Japanese.
        r"|(?:PRO|PER)FIL\w*|SEIT\w*|ZIJ\w*|DWARSE?|BO[CK]\w*|SIDEBIL\w*"
        r"|OLDAL\w*|YAN|SIVU\w*|NGHIENG|SOKUMEN"
        # Views that are always lateral.
        r"|SAGIT\w*|XTABLE|SWIMMERS?|TWINING"
    ),
}
# At most one letter per axis.
_DIRECTION = re.compile(r"(?!.*(?:[AP].*[AP]|[LR].*[LR]|[HF].*[HF]))[APLRHF]{1,3}")
_LONGEST = 200  # characters of a text that are examined; a code string has at most 16 (PS3.5 6.2)
_CROSS_TABLE = re.compile(r"\b(?:X|CROSS)[\s_-]*TABLE")

_VIEW_CODES: Mapping[str, str] = {
    # PS3.16 CID 4010 as SNOMED CT and as SNOMED RT, including retired codes and those of CID 4062; all except
    # frontal, antero-posterior and postero-anterior.
    "lateral": """399067008 R-102CD 399173006 R-10236 399198007 R-10232 399260004 R-10224 399352003 R-10228
        30730003 G-A145 R-10222""",
    "oblique": """399182000 R-102C1 399184004 R-10238 399236003 R-10234 260427002 R-40783 260426006 R-40782
        399135007 R-10220 399356000 R-40985 R-10218 399006002 R-10212 399038007 R-10210 399160007 R-10204
        399312000 R-10208 399059000 R-10216 399368009 R-10226 399099002 R-10230 399004004 R-10246
        399288005 R-10248 399225005 R-10250 399132005 R-10252 399325008 R-10254
        260421001 R-4077D 260424009 R-40780""",
    "another projection": """399061009 R-10241 399162004 R-10242 399196006 R-10244 399110001 R-102C2
        399255003 R-10256 399360002 R-10257 399071006 R-102C3 399335002 R-102C4 399272005 R-102C5
        399242004 R-102C6 399351005 R-102C7 399316002 R-102C8 260499007 R-40810 119376003 G-8300""",
}
_MEANING = {code: says for says, codes in _VIEW_CODES.items() for code in codes.split()}


def other_view(dataset: Dataset) -> str | None:
    """Return which element states that an image is not a frontal radiograph, and its value.

    View Position, View Code Sequence with its modifiers, Patient Orientation and the modifiers of its code
    are checked: one that states lateral, oblique or decubitus is enough. Series and study descriptions are
    not checked: they are free text about a whole series ("chest PA and lateral"), and may contain names of
    persons.

    Returns:
        A text that repeats nothing from the file except codes listed in this module; None if no element
        states it.
    """
    for value in filter(None, values(dataset, "ViewPosition")):
        said = _in_words(str(value))
        if said is not None:
            verb = "is" if said == str(value).strip().upper() else "says"
            return f"its View Position {verb} {said}"
    for item in _items(dataset, "ViewCodeSequence"):
        said = _MEANING.get(text(item, "CodeValue"))
        meanings = [item, *_items(item, "ViewModifierCodeSequence")]
        said = said or next(filter(None, map(_meaning_in_words, meanings)), None)
        if said is not None:
            return f"its view code says {said}"
    said = _orientation([str(value).strip().upper() for value in values(dataset, "PatientOrientation")])
    if said is not None:
        return f"its Patient Orientation says {said}"
    for item in _items(dataset, "PatientOrientationCodeSequence"):
        modifiers = _items(item, "PatientOrientationModifierCodeSequence")
        if any(_meaning_in_words(modifier) == "decubitus" for modifier in modifiers):
            return "its Patient Orientation says decubitus"
    return None


def _items(dataset: Dataset, keyword: str) -> Iterator[Dataset]:
    return iter(dataset.get(keyword) or ())


def _meaning_in_words(item: Dataset) -> str | None:
    return _in_words(text(item, "CodeMeaning"))


def _in_words(said: str) -> str | None:
    """Return the view that a text states: a code of View Position, or a key of `_WORDS`; None if neither."""
    plain = unicodedata.normalize("NFKD", said[:_LONGEST]).encode("ascii", "ignore").decode().upper()
    words = re.findall(r"[A-Z]+", _CROSS_TABLE.sub("XTABLE", plain))
    for kind, pattern in _WORDS.items():
        for word in filter(pattern.fullmatch, words):
            return word if word in _CODES_OF_VIEW_POSITION else kind
    return None


def _orientation(directions: list[str]) -> str | None:
    """Return the view given by the first letters of the row and column directions (PS3.3 C.7.6.1.1.1).

    A frontal image has rows and columns along the left-right and the head-foot axis. Values that are not
    directions, such as a position in words, are ignored.
    """
    valid = [direction for direction in directions if _DIRECTION.fullmatch(direction)]
    if any(direction[0] in "AP" for direction in valid):
        return "lateral"
    if any(set("AP") & set(direction) and set("LR") & set(direction) for direction in valid):
        return "oblique"
    return None
