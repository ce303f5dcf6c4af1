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

# Only a modality that stands here is repeated in a reason: any other text might name somebody. Those of the
# standard, retired ones among them, and at last three that vendors write for CR and DX.
_KNOWN_MODALITIES = frozenset(
    """
    AR AS ASMT AU BDUS BI BMD CD CF CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ES
    FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV
    OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD
    RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC
    DR XR RAD
    """.split()  # noqa: SIM905 a list would be a hundred lines
)
_MEANING = {"RG": "conventional radiography", "RF": "fluoroscopy", "OT": "other"}

_GREY, _COLOUR = (
    frozenset({"MONOCHROME1", "MONOCHROME2"}),
    frozenset({"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}),
)


def check_admission(header: Header, allow: frozenset[Allowance]) -> None:
    """Refuse what is no frontal chest radiograph, but for what the user allowed.

    Body Part Examined is not asked: it is wrong too often, and the quality gate looks at the picture itself.

    Raises:
        UnreadableImageError: Another modality, a raw image, several frames, colour, or no frontal view. Each
            reason names the allowance that lets it in.
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
    """Tell whether the picture is one of the two grey kinds (PS3.3 C.7.6.3.1.2)."""
    return header.photometric in _GREY


def _refusal(reason: str, allowance: Allowance) -> UnreadableImageError:
    return UnreadableImageError(f"{reason}; allow '{allowance}' to read it all the same")


def _check_modality(header: Header) -> None:
    if header.modality not in _RADIOGRAPHY and not (header.modality == "" and header.is_radiograph_class):
        if header.modality in _KNOWN_MODALITIES:
            meaning = _MEANING.get(header.modality)
            what = f"is of modality {header.modality}" + (f" ({meaning})" if meaning else "")
        else:
            what = "has an unknown modality" if header.modality else "has no modality"
        raise _refusal(f"{what}, not CR or DX", "modality")
    if header.is_raw:
        # PS3.3 C.8.11.1.1.1: such pixels go to further processing, and are not what anybody looks at.
        raise _refusal("is meant for processing, not for presentation", "modality")
