"""Specification of a synthetic radiograph: physique, exposure and lesions.

Lengths are centimetres in the detector plane. Patient coordinates: x grows to the right of the
image (the patient's left), y downwards from the level of the lung apices, z backwards from the
mid-coronal plane. A side is -1 for the patient's right (left in the image) and +1 for the left.
"""

from __future__ import annotations

from dataclasses import dataclass

RIGHT = -1
LEFT = 1

PHANTOM_FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumothorax",
    "Consolidation",
    "Pleural_Thickening",
)
"""The findings that can be drawn, named as NIH names them."""


@dataclass(frozen=True)
class Physique:
    """Properties that are the same in all radiographs of one patient.

    Attributes:
        sex: "F" or "M".
        cage_half_width: Inner half width of the rib cage at its widest, cm.
        cage_half_depth: Inner half depth of the rib cage at its deepest, cm.
        rib_pitch: Distance between two posterior ribs, cm.
        rib_slope: Factor on how far the ribs fall from back to front; 1 is average.
        bone_density: Factor on the mineral of all bones; 1 is average.
        chest_wall: Thickness of muscle and fat outside the ribs, cm.
        breast: Thickness of the breasts along the beam, cm; 0 without.
        heart_half_width: Half the transverse cardiac diameter on a PA view, cm.
        heart_tilt: Angle of the cardiac long axis below the horizontal, degrees.
        aorta_radius: Radius of the aortic arch, cm.
        scoliosis: Sideways amplitude of the thoracic spine, cm, signed.
        shoulder_drop: Distance of the shoulders below the average, cm, signed.
        vascularity: Factor on the calibre of the pulmonary vessels.
        seed: Seed of minor variations: the vessel tree and small asymmetries.
    """

    sex: str
    cage_half_width: float
    cage_half_depth: float
    rib_pitch: float
    rib_slope: float
    bone_density: float
    chest_wall: float
    breast: float
    heart_half_width: float
    heart_tilt: float
    aorta_radius: float
    scoliosis: float
    shoulder_drop: float
    vascularity: float
    seed: int


@dataclass(frozen=True)
class Exposure:
    """Properties that differ between radiographs.

    Attributes:
        view: "PA" or "AP".
        field_of_view: Side of the square image, cm.
        shift: Patient coordinates (x, y) of the image's centre, cm.
        tilt: Rotation in the image plane, degrees, counter-clockwise positive.
        yaw: Rotation about the patient's long axis, degrees.
        inspiration: 0 for shallow to 1 for full inspiration.
        arm_abduction: Angle between the upper arms and the torso, degrees.
        hardness: Beam hardness: factor on the contrast of bone over soft tissue.
        scatter: Scattered over primary radiation behind the thorax, without unit.
        photons: Quanta per square centimetre in unattenuated beam, in thousands.
        blur: Standard deviation of the detector and motion blur, cm.
        latitude: Width of the displayed signal range over the range found in the chest.
        brightness: Shift of the displayed range, as a share of it; positive is brighter.
        gamma: Exponent of the display curve.
        equalisation: Share of the large-scale contrast that display processing removes.
        collimation: Black borders left, top, right and bottom, cm.
        marker: Text of the lead side marker, or "".
        gastric_bubble: Radius of the air in the stomach, cm; 0 without.
        leads: Number of monitoring cables across the chest.
        seed: Seed of the noise and of small positions.
    """

    view: str
    field_of_view: float
    shift: tuple[float, float]
    tilt: float
    yaw: float
    inspiration: float
    arm_abduction: float
    hardness: float
    scatter: float
    photons: float
    blur: float
    latitude: float
    brightness: float
    gamma: float
    equalisation: float
    collimation: tuple[float, float, float, float]
    marker: str
    gastric_bubble: float
    leads: int
    seed: int


@dataclass(frozen=True)
class Lesion:
    """One instance of a finding.

    Attributes:
        finding: One of `PHANTOM_FINDINGS`.
        side: -1 the patient's right, +1 the left.
        severity: 0 (subtle) to 1 (obvious).
        seed: Seed of its place and shape, the same from one follow-up to the next.
    """

    finding: str
    side: int
    severity: float
    seed: int


@dataclass(frozen=True)
class PhantomSpec:
    """Everything that `draw_phantom` needs.

    Attributes:
        physique: The patient.
        exposure: The examination.
        lesions: The lesions; empty for a normal chest.
        size: Side of the square image, pixels.
    """

    physique: Physique
    exposure: Exposure
    lesions: tuple[Lesion, ...]
    size: int
