"""The bones: ribs, clavicles, spine, scapulae and humeri, each as mineral along the beam."""

from __future__ import annotations

import cv2
import numpy as np

from cxrtune.phantom.chest import Anatomy
from cxrtune.phantom.spec import Exposure, Physique
from cxrtune.phantom.view import Map, Points, View

CANCELLOUS = 0.22
"""Mineral in spongy bone as a share of that in compact bone."""

BLADE = np.array(
    [
        (9.2, 0.9, 6.0),
        (10.0, 4.0, 6.0),
        (10.6, 8.0, 6.0),
        (11.6, 12.6, 6.0),
        (12.3, 12.9, 6.0),
        (13.2, 10.0, 6.0),
        (14.6, 7.2, 6.0),
        (15.6, 5.6, 6.0),
        (15.8, 3.4, 6.0),
        (14.4, 2.6, 6.0),
        (12.5, 1.6, 6.0),
        (10.6, 0.4, 6.0),
    ]
)
"""Outline of the left scapula from the upper angle along the medial border, patient coordinates, cm."""

SCAPULAR_SPINE = np.array(
    [(9.8, 3.0, 7.0), (12.0, 1.9, 8.0), (14.6, 0.7, 8.0), (16.6, 0.2, 6.0), (17.2, 0.9, 4.0)]
)
"""Ridge on the back of the left scapula out to the acromion, patient coordinates, cm."""

CORACOID = np.array([(14.2, 3.4, 2.0), (13.8, 2.6, 0.0), (14.4, 2.4, -2.0)])
"""Coracoid process of the left scapula, patient coordinates, cm."""


def draw_skeleton(view: View, physique: Physique, exposure: Exposure, anatomy: Anatomy) -> Map:
    """Return the depth of compact bone along the beam.

    Returns:
        float32, (S, S), cm of compact bone.
    """
    bones = _ribs(view, physique, anatomy)
    bones += _spine(view, physique, anatomy)
    bones += _shoulder_girdle(view, physique, exposure, anatomy)
    return bones * np.float32(physique.bone_density)


def _hollow(
    view: View, path: Points, height: Points, depth: Points, cortex: float, density: Points | float = 1.0
) -> Map:
    """A shell of compact bone of thickness `cortex` (cm) around spongy bone."""
    return view.tubes(path, height, depth, density, cortex=cortex, marrow=CANCELLOUS)


def _ribs(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    rng = np.random.default_rng([physique.seed, 15])
    paths = [_rib(physique, anatomy, number, side, rng) for side in (-1, 1) for number in range(12)]
    along = np.linspace(0, 1, paths[0].shape[0])
    height = np.stack([_rib_height(number % 12, along) for number in range(24)])
    # Towards the front, a rib turns into cartilage, which contains no mineral.
    ending = np.clip((1 - along) / 0.06, 0, 1)[None, :] * np.clip(along / 0.02, 0.3, 1)[None, :]
    # A rib is flat against the wall: where it runs along the beam, it is thinner than its height suggests.
    flat = 1 - 0.62 * np.exp(-(((along - 0.58) / 0.16) ** 2))[None, :]
    # The front part is flatter and contains less mineral.
    front = 1 - 0.38 / (1 + np.exp(-(along - 0.66) / 0.05))[None, :]
    ending = np.broadcast_to(ending * flat * front, height.shape)
    return _hollow(view, np.stack(paths), height, 0.62 * height, 0.1, ending)


def _rib_height(number: int, along: Points) -> Points:
    widest = (0.52, 0.5, 0.52, 0.54, 0.56, 0.58, 0.58, 0.56, 0.54, 0.5, 0.44, 0.34)[number]
    return np.asarray(
        widest * (0.8 + 0.22 * np.sin(np.pi * np.clip(along * 1.1, 0, 1)) + 0.1 * along), dtype=np.float64
    )


def _rib(physique: Physique, anatomy: Anatomy, number: int, side: int, rng: np.random.Generator) -> Points:
    falls = (2.6, 4.6, 6.2, 7.4, 8.2, 8.8, 9.0, 9.0, 8.6, 8.0, 5.0, 3.0)
    reach = (158, 152, 150, 148, 146, 142, 138, 132, 126, 118, 74, 42)
    sweep = np.radians(reach[number] + rng.normal(0, 2))
    phi = np.linspace(0.0, sweep, 72)
    share = phi / np.radians(150)
    start = 0.5 + number * anatomy.rib_pitch + rng.normal(0, 0.06)
    y = start + falls[number] * physique.rib_slope * (
        share**1.35 - 0.16 * np.sin(np.pi * np.clip(share * 2.2, 0, 1))
    )
    wall = anatomy.half_width(np.maximum(y, 1.0)).astype(np.float64) + 0.25
    root = 1.9
    swing = np.sin(phi) ** 0.92
    x = np.where(phi < np.pi / 2, root + (wall - root) * swing, wall * np.sin(phi))
    z = anatomy.half_depth(y).astype(np.float64) * np.cos(phi)
    return np.stack([side * x, y, z], axis=-1)


def _spine(view: View, physique: Physique, anatomy: Anatomy) -> Map:
    x, y = view.grid
    # All vertebrae are near the midline, so the image columns beside it are omitted.
    near = np.flatnonzero((np.abs(x) < 4.5).any(axis=0))
    if not len(near):
        return np.zeros_like(x)
    columns = slice(int(near[0]), int(near[-1]) + 1)
    whole, x, y = np.zeros_like(x), x[:, columns], y[:, columns]
    pitch = anatomy.rib_pitch
    sway = physique.scoliosis * np.sin((y - 4) / np.float32(7.5)) + np.float32(view.yaw * 6.0)
    level = (y - np.float32(0.2)) / np.float32(pitch)
    phase = level - np.floor(level)
    half = 1.45 + 0.025 * np.clip(y, -8, 24)
    across = (x - sway) / half
    # Bodies are waisted: widest at the end plates, narrowest half way between them.
    edge = np.abs(phase - 0.5) * 2
    body = np.clip((0.82 - edge) / np.float32(0.1), 0, 1)
    plate = np.exp(-(((edge - 0.8) / np.float32(0.09)) ** 2))
    waist = 1 - 0.09 * (1 - edge**2)
    inside = np.clip(1 - np.abs(across / waist) ** 6, 0, 1)
    rim = np.exp(-(((np.abs(across) - waist + 0.07) / np.float32(0.07)) ** 2))
    pedicles = np.exp(
        -(((np.abs(across) - 0.62) / np.float32(0.17)) ** 2) - ((phase - 0.36) / np.float32(0.15)) ** 2
    )
    spinous = np.exp(-((across / np.float32(0.16)) ** 2) - ((phase - 0.8) / np.float32(0.2)) ** 2)
    processes = np.exp(
        -(((np.abs(across) - 1.35) / np.float32(0.4)) ** 4) - ((phase - 0.42) / np.float32(0.16)) ** 2
    )
    mineral = inside * (0.3 * body + 0.12 * plate) + 0.14 * rim * body + 0.26 * pedicles + 0.2 * spinous
    whole[:, columns] = mineral + 0.14 * processes
    return whole


def _shoulder_girdle(view: View, physique: Physique, exposure: Exposure, anatomy: Anatomy) -> Map:
    rng = np.random.default_rng([physique.seed, 16])
    total = np.zeros((view.size, view.size), dtype=np.float32)
    drop = physique.shoulder_drop - 0.5
    # On a supine or seated AP view the clavicles project higher and the scapulae stay over the lungs.
    lift = -0.9 if exposure.view == "AP" else 0.0
    outward = 0.0 if exposure.view == "PA" else -1.2
    for side in (-1, 1):
        wobble = rng.normal(0, 0.2, 4)
        total += _clavicle(view, side, 3.0 + lift + wobble[0], 0.3 + lift + drop + wobble[1])
        total += _scapula(view, side, drop + wobble[2], outward)
        total += _humerus(view, exposure, side, drop)
    return total


def _clavicle(view: View, side: int, medial: float, lateral: float) -> Map:
    t = np.linspace(0, 1, 40)
    x = side * (1.4 + 14.0 * t)
    y = medial + (lateral - medial) * t**0.85 + 0.6 * np.sin(2 * np.pi * t) * (1 - 0.3 * t)
    path = np.stack([x, y, -6.0 + 7.0 * t], axis=-1)
    height = 0.5 + 0.28 * np.exp(-t / 0.09) + 0.12 * t
    ends = np.clip(t / 0.04, 0.2, 1) * np.clip((1 - t) / 0.06, 0.1, 1)
    return _hollow(view, path[None], height[None], 0.9 * height[None], 0.11, ends[None])


def _scapula(view: View, side: int, drop: float, outward: float) -> Map:
    place, mirror = np.array([outward, drop, 0.0]), np.array([side, 1.0, 1.0])
    points = (BLADE + place) * mirror
    canvas = np.zeros((view.size, view.size), dtype=np.uint8)
    corners = np.round(view.to_pixels(points) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [corners], 255, lineType=cv2.LINE_AA, shift=4)
    blade = np.asarray(
        cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), 0.12 * view.scale), dtype=np.float32
    )
    loop = np.concatenate([points[3:8], points[7:8]])
    lateral = view.tubes(loop[None], np.full((1, 1), 0.35), np.full((1, 1), 0.35))
    ridge = (SCAPULAR_SPINE + place) * mirror
    spine = view.tubes(ridge[None], np.full((1, 1), 0.5), np.full((1, 1), 0.4))
    beak = (CORACOID + place) * mirror
    coracoid = view.tubes(beak[None], np.full((1, 1), 0.55), np.full((1, 1), 0.5))
    return np.asarray(0.1 * blade + 0.2 * lateral + 0.17 * spine + 0.05 * coracoid, dtype=np.float32)


def _humerus(view: View, exposure: Exposure, side: int, drop: float) -> Map:
    angle = np.radians(exposure.arm_abduction)
    head = np.array([side * 16.8, 4.6 + drop, 0.0])
    t = np.linspace(0, 1, 40)
    along = 32.0 * t**1.5 - 2.0
    path = head + along[:, None] * np.array([side * np.sin(angle), np.cos(angle), 0.0])
    ball = np.sqrt(np.clip(2.1**2 - along**2, 0.02, None))
    radius = np.maximum(ball, np.where(along > 0, 1.0 + 1.1 * np.exp(-((along / 3.2) ** 2)), 0.1))
    shaft = np.clip(radius - 0.1 - 0.3 * np.clip(along / 6, 0, 1), 0.05, None)
    outer = view.tubes(path[None], radius[None], radius[None])
    inner = view.tubes(path[None], shaft[None], shaft[None])
    return np.asarray(0.55 * (outer - np.float32(0.88) * inner), dtype=np.float32)
