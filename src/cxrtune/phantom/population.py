"""Draw the patients, their follow-up examinations, and the findings of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cxrtune.phantom.spec import LEFT, PHANTOM_FINDINGS, RIGHT, Exposure, Lesion, PhantomSpec, Physique

FOLLOW_UP_SHARE = (0.66, 0.18, 0.08, 0.05, 0.03)
"""Share of patients with one to five images: 1.6 images per patient on average."""

PERSISTENCE = 0.45
"""Probability that the next image of a patient shows the same lesions, better or worse."""

TEST_SHARE = 0.24
"""Share of the images in the test list, split by patient."""

HEALTHY_SHARE = 0.355
"""Share of examinations without a finding."""

FINDINGS_SHARE = (0.38, 0.36, 0.18, 0.08)
"""Share of the other examinations with one, two, three and four findings."""

PREVALENCE = dict(zip(PHANTOM_FINDINGS, (0.9, 1.05, 1.0, 1.05, 1.05, 1.0, 1.0, 1.05), strict=True))
"""Relative frequency of each finding."""

AFFINITY = {
    frozenset({"Atelectasis", "Effusion"}): 1.6,
    frozenset({"Infiltration", "Consolidation"}): 1.2,
    frozenset({"Effusion", "Consolidation"}): 1.2,
    frozenset({"Effusion", "Pleural_Thickening"}): 1.2,
    frozenset({"Mass", "Nodule"}): 1.3,
}
"""How much more often than by chance two findings occur together."""

OTHER_SIDE_TOO = {"Infiltration": 0.6, "Effusion": 0.25, "Pleural_Thickening": 0.3}
"""Probability that the second lung has the finding as well."""

SEVERAL_NODULES = 0.8
"""Probability that a nodule is not alone."""

SEVERITY = {"Pneumothorax": (1.3, 2.0), "Atelectasis": (1.8, 1.4)}
SEVERITY_ELSE = (2.6, 1.1)
"""Shape of the beta distribution of severity: the first number favours obvious lesions, the second subtle."""


def draw_lesions(rng: np.random.Generator) -> tuple[Lesion, ...]:
    """Draw the findings of one examination: none, or one to four."""
    if rng.random() < HEALTHY_SHARE:
        return ()
    wanted = 1 + int(rng.choice(len(FINDINGS_SHARE), p=FINDINGS_SHARE))
    chosen: list[str] = []
    while len(chosen) < wanted:
        chosen.append(_next_finding(rng, chosen))
    lesions: list[Lesion] = []
    for finding in chosen:
        lesions += _instances(rng, finding, lesions)
    return tuple(lesions)


def _next_finding(rng: np.random.Generator, chosen: list[str]) -> str:
    names = [name for name in PHANTOM_FINDINGS if name not in chosen]
    weights = np.array([PREVALENCE[name] for name in names])
    for index, name in enumerate(names):
        for other in chosen:
            weights[index] *= AFFINITY.get(frozenset({name, other}), 1.0)
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _instances(rng: np.random.Generator, finding: str, before: list[Lesion]) -> list[Lesion]:
    # One lesion often hides another in the same lung, and an invisible finding is useless for training.
    taken = before[-1].side if before else 0
    side = -taken if taken and rng.random() < 0.7 else int(rng.choice([RIGHT, LEFT]))
    sides = [side]
    if rng.random() < OTHER_SIDE_TOO.get(finding, 0.0):
        sides.append(-side)
    if finding == "Nodule" and rng.random() < SEVERAL_NODULES:
        sides += [int(where) for where in rng.choice([RIGHT, LEFT], rng.integers(2, 7))]
    plain, subtle = SEVERITY.get(finding, SEVERITY_ELSE)
    return [
        Lesion(finding, where, float(rng.beta(plain, subtle)), int(rng.integers(2**31))) for where in sides
    ]


def progress(rng: np.random.Generator, lesions: tuple[Lesion, ...]) -> tuple[Lesion, ...]:
    """Return the lesions at the next follow-up: slightly better or worse."""
    return tuple(
        replace(lesion, severity=float(np.clip(lesion.severity + rng.normal(0, 0.2), 0.05, 1)))
        for lesion in lesions
    )


@dataclass(frozen=True)
class Study:
    """One examination of one patient.

    Attributes:
        patient: Number from 1.
        follow_up: Number from 0 within the patient.
        age: Years.
        in_test: Whether the patient belongs to the test list.
        spec: The specification of the image.
    """

    patient: int
    follow_up: int
    age: int
    in_test: bool
    spec: PhantomSpec

    @property
    def name(self) -> str:
        """The file name of the image, in NIH's format."""
        return f"{self.patient:08d}_{self.follow_up:03d}.png"


def draw_population(count: int, seed: int, size: int) -> tuple[Study, ...]:
    """Draw exactly `count` examinations.

    Args:
        count: Number of images, at least 1.
        seed: The same seed gives the same examinations, at every size.
        size: Side of the images, pixels.

    Returns:
        The examinations by patient and follow-up.
    """
    studies: list[Study] = []
    patient = 0
    while len(studies) < count:
        patient += 1
        rng = np.random.default_rng(np.random.SeedSequence([seed, patient]))
        wanted = 1 + int(rng.choice(len(FOLLOW_UP_SHARE), p=FOLLOW_UP_SHARE))
        studies += _patient(rng, patient, min(wanted, count - len(studies)), size)
    in_test = _test_patients(studies, seed)
    return tuple(replace(study, in_test=study.patient in in_test) for study in studies)


def _patient(rng: np.random.Generator, patient: int, images: int, size: int) -> list[Study]:
    age = int(np.clip(rng.normal(49, 16), 18, 90))
    physique = draw_physique(rng, "F" if rng.random() < 0.45 else "M", age)
    usual_view = "AP" if rng.random() < 0.35 else "PA"
    lesions: tuple[Lesion, ...] = ()
    studies = []
    for follow_up in range(images):
        stays = follow_up > 0 and rng.random() < PERSISTENCE
        lesions = progress(rng, lesions) if stays else draw_lesions(rng)
        view = usual_view if rng.random() < 0.85 else ("AP" if usual_view == "PA" else "PA")
        spec = PhantomSpec(physique, draw_exposure(rng, view, physique), lesions, size)
        studies.append(Study(patient, follow_up, age + follow_up // 2, False, spec))
    return studies


def _test_patients(studies: list[Study], seed: int) -> frozenset[int]:
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0, 1]))
    images: dict[int, int] = {}
    for study in studies:
        images[study.patient] = images.get(study.patient, 0) + 1
    chosen: list[int] = []
    held = 0
    for patient in rng.permutation(sorted(images)):
        if held >= TEST_SHARE * len(studies) or len(chosen) + 1 == len(images):
            break
        chosen.append(int(patient))
        held += images[int(patient)]
    return frozenset(chosen)


def draw_physique(rng: np.random.Generator, sex: str, age: int) -> Physique:
    """Draw a patient's build; sex and age shift the averages.

    Args:
        rng: Source of randomness.
        sex: "F" or "M".
        age: Years.

    Returns:
        The physique.
    """
    female = sex == "F"
    old = (age - 49) / 16
    habitus = float(np.clip(rng.gamma(4.0, 0.25), 0.3, 2.4))
    return Physique(
        sex=sex,
        cage_half_width=float(np.clip(rng.normal(11.9 if female else 13.1, 0.6), 10.4, 14.6)),
        cage_half_depth=float(np.clip(rng.normal(8.3 if female else 9.2, 0.6) + 0.25 * old, 6.8, 11.0)),
        rib_pitch=float(np.clip(rng.normal(2.3 if female else 2.48, 0.1), 2.05, 2.75)),
        rib_slope=float(np.clip(rng.normal(1.0, 0.12), 0.7, 1.3)),
        bone_density=float(np.clip(rng.normal(0.9 - 0.06 * old, 0.1), 0.6, 1.2)),
        chest_wall=1.6 + 1.8 * habitus,
        breast=float(np.clip(rng.normal(1.2 + 1.0 * habitus, 0.5), 0.5, 4.5)) if female else 0.0,
        heart_half_width=float(np.clip(rng.normal(5.3 if female else 5.9, 0.45) + 0.2 * old, 4.3, 7.4)),
        heart_tilt=float(np.clip(rng.normal(38 - 5 * (habitus - 1), 5), 22, 52)),
        aorta_radius=float(np.clip(rng.normal(1.45 + 0.14 * old, 0.12), 1.1, 2.1)),
        scoliosis=float(rng.normal(0, 0.25)),
        shoulder_drop=float(rng.normal(0.2, 0.6)),
        vascularity=float(np.clip(rng.normal(1.0, 0.1), 0.75, 1.3)),
        seed=int(rng.integers(2**31)),
    )


def draw_exposure(rng: np.random.Generator, view: str, physique: Physique) -> Exposure:
    """Draw one examination; a bedside AP view is shallower, noisier and less well positioned.

    Args:
        rng: Source of randomness.
        view: "PA" or "AP".
        physique: The patient; a larger one scatters more.

    Returns:
        The exposure.
    """
    bedside = view == "AP"
    borders = [0.0] * 4
    if rng.random() < 0.3:
        borders = [float(max(0.0, rng.normal(0.3, 0.9))) for _ in range(4)]
    depth = physique.cage_half_depth + 0.45 * physique.chest_wall
    return Exposure(
        view=view,
        field_of_view=float(
            np.clip(rng.normal(2.7 if bedside else 2.6, 0.08) * physique.cage_half_width + 0.6, 29, 42)
        ),
        shift=(
            float(rng.normal(0, 0.9 if bedside else 0.5)),
            float(rng.normal(0.5 * 10.6 * physique.rib_pitch - 0.4, 0.8 if bedside else 0.6)),
        ),
        tilt=float(rng.normal(0, 2.4 if bedside else 1.2)),
        yaw=float(rng.normal(0, 3.5 if bedside else 1.8)),
        inspiration=float(np.clip(rng.normal(0.4 if bedside else 0.75, 0.2), 0, 1)),
        arm_abduction=float(np.clip(rng.normal(10 if bedside else 22, 7), 2, 45)),
        hardness=float(rng.uniform(0.85, 1.2)),
        scatter=float(
            np.clip(rng.normal(0.3 + 0.03 * (depth - 9.5) + (0.12 if bedside else 0), 0.08), 0.1, 0.7)
        ),
        photons=float(rng.uniform(700, 3500)),
        blur=float(rng.uniform(0.02, 0.08) + (0.015 if bedside else 0)),
        latitude=float(np.clip(rng.lognormal(0.06, 0.07), 0.85, 1.35)),
        brightness=float(np.clip(rng.normal(0.02, 0.035), -0.1, 0.12)),
        gamma=float(np.clip(rng.lognormal(0.0, 0.07), 0.8, 1.25)),
        equalisation=float(rng.uniform(0.2, 0.5)),
        collimation=(borders[0], borders[1], borders[2], borders[3]),
        marker=str(rng.choice(["", "L", "L", "L", "LT"])),
        gastric_bubble=float(rng.uniform(0.6, 2.6)) if rng.random() < 0.7 else 0.0,
        leads=int(rng.integers(1, 4)) if bedside and rng.random() < 0.4 else 0,
        seed=int(rng.integers(2**31)),
    )
