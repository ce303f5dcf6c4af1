"""What cannot be a frontal chest radiograph is refused with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from cxrtune.errors import UnreadableImageError

if TYPE_CHECKING:
    from cxrtune.images.dicom.header import Header

Allowance = Literal["modality", "multiframe", "colour", "lateral"]

ALLOWANCES: tuple[Allowance, ...] = get_args(Allowance)
"""What a user may let in that is refused otherwise."""

_RADIOGRAPHY = frozenset({"CR", "DX"})
"""Modalities of projection radiography (PS3.3 C.7.3.1.1.1)."""

# Only a modality that the standard knows is repeated in a reason: any other text might name somebody.
_KNOWN_MODALITIES = frozenset(
    [
        *(
            "AR",
            "AU",
            "BDUS",
            "BI",
            "BMD",
            "CD",
            "CF",
            "CP",
            "CR",
            "CS",
            "CT",
            "DD",
            "DF",
            "DG",
            "DM",
            "DOC",
            "DS",
        ),
        *("DX", "EC", "ECG", "EPS", "ES", "FA", "FID", "FS", "GM", "HC", "HD", "IO", "IOL", "IVOCT", "IVUS"),
        *(
            "KER",
            "KO",
            "LEN",
            "LP",
            "LS",
            "MA",
            "MG",
            "MR",
            "MS",
            "NM",
            "OAM",
            "OCT",
            "OP",
            "OPM",
            "OPT",
            "OPV",
        ),
        *("OSS", "OT", "PLAN", "PR", "PT", "PX", "REG", "RESP", "RF", "RG", "RTDOSE", "RTIMAGE"),
        *("RTPLAN", "RTRECORD", "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "ST", "STAIN"),
        *("TG", "US", "VA", "VF", "XA", "XC"),
    ]
)

_LATERAL_VIEWS = frozenset({"LL", "RL", "LLD", "RLD", "LLO", "RLO"})
"""Defined terms of View Position that are not frontal (PS3.3 C.8.1.1): laterals, decubitus, obliques."""

_LATERAL_CODES = frozenset(
    {
        # Lateral, left and right lateral, medio-lateral and latero-medial, as SNOMED CT and as SRT
        # (PS3.16 CID 4010).
        *("399067008", "399173006", "399198007", "399260004", "399352003"),
        *("R-102CD", "R-10236", "R-10232", "R-10224", "R-10228"),
        # Lateral oblique; oblique; left and right oblique; the anterior and posterior ones.
        *("260427002", "399182000", "399184004", "399236003"),
        *("399135007", "399356000", "399006002", "399038007"),
        *("R-40783", "R-102C1", "R-10238", "R-10234", "R-10220", "R-40985", "R-10212", "R-10210"),
    }
)

_GREY, _COLOUR = (
    frozenset({"MONOCHROME1", "MONOCHROME2"}),
    frozenset({"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}),
)


def check_admission(header: Header, allow: frozenset[Allowance]) -> None:
    """Refuse what is no frontal chest radiograph, but for what the user allowed.

    Body Part Examined is not asked: it is wrong too often, and the quality gate looks at the picture itself.

    Raises:
        UnreadableImageError: Another modality, a raw image, several frames, colour, or no frontal view.
    """
    if "modality" not in allow:
        _check_modality(header)
    if header.frames > 1 and "multiframe" not in allow:
        raise UnreadableImageError(f"has {header.frames:,} frames, not one")
    if header.photometric not in _GREY | _COLOUR:
        raise UnreadableImageError("has a Photometric Interpretation that is not supported")
    if header.photometric in _GREY and header.samples != 1:
        raise UnreadableImageError(f"is damaged: it claims to be grey with {header.samples} samples a pixel")
    if header.photometric in _COLOUR and "colour" not in allow:
        raise UnreadableImageError(f"is in colour ({header.photometric}), not grey")
    if "lateral" not in allow:
        _check_view(header)


def is_grey(header: Header) -> bool:
    """Tell whether the picture is one of the two grey kinds (PS3.3 C.7.6.3.1.2)."""
    return header.photometric in _GREY


def _check_modality(header: Header) -> None:
    if header.modality not in _RADIOGRAPHY and not (header.modality == "" and header.is_radiograph_class):
        if header.modality in _KNOWN_MODALITIES:
            raise UnreadableImageError(f"is of modality {header.modality}, not CR or DX")
        what = "an unknown modality" if header.modality else "no modality"
        raise UnreadableImageError(f"has {what}, not CR or DX")
    if header.is_raw:
        # PS3.3 C.8.11.1.1.1: such pixels go to further processing, and are not what anybody looks at.
        raise UnreadableImageError("is meant for processing, not for presentation")


def _check_view(header: Header) -> None:
    view = header.view
    if view in _LATERAL_VIEWS:
        raise UnreadableImageError(f"is no frontal radiograph: its View Position is {view}")
    if "LAT" in view:
        raise UnreadableImageError("is no frontal radiograph: its View Position says lateral")
    if header.view_codes & _LATERAL_CODES:
        raise UnreadableImageError("is no frontal radiograph: its view code says lateral or oblique")
