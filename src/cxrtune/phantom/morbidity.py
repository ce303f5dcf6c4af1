"""Draws what is wrong in an examination: which findings, where, and how plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cxrtune.phantom.spec import LEFT, PHANTOM_FINDINGS, RIGHT, Lesion

HEALTHY_SHARE = 0.355
"""Share of examinations without a finding."""

FINDINGS_SHARE = (0.38, 0.36, 0.18, 0.08)
"""Of the others: share with one, two, three and four findings."""

PREVALENCE = dict(zip(PHANTOM_FINDINGS, (0.9, 1.05, 1.0, 1.05, 1.05, 1.0, 1.0, 1.05), strict=True))
"""Relative frequency of each finding."""

AFFINITY = {
    frozenset({"Atelectasis", "Effusion"}): 1.6,
    frozenset({"Infiltration", "Consolidation"}): 1.2,
    frozenset({"Effusion", "Consolidation"}): 1.2,
    frozenset({"Effusion", "Pleural_Thickening"}): 1.2,
    frozenset({"Mass", "Nodule"}): 1.3,
}
"""How much more often than by chance two findings come together."""

OTHER_SIDE_TOO = {"Infiltration": 0.6, "Effusion": 0.25, "Pleural_Thickening": 0.3}
"""Probability that the second lung has the finding as well."""

SEVERAL_NODULES = 0.8
"""Probability that a nodule is not alone."""

SEVERITY = {"Pneumothorax": (1.3, 2.0), "Atelectasis": (1.8, 1.4)}
SEVERITY_ELSE = (2.6, 1.1)
"""Shape of the beta distribution of the severity: the first number pulls to plain, the second to subtle."""


def draw_lesions(rng: np.random.Generator) -> tuple[Lesion, ...]:
    """Draw what is wrong in one examination: nothing, or one to four findings."""
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
    # One lesion often hides another in the same lung; a label that cannot be seen teaches nothing.
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
    """Return the lesions as the next follow-up shows them: a little better or worse."""
    return tuple(
        replace(lesion, severity=float(np.clip(lesion.severity + rng.normal(0, 0.2), 0.05, 1)))
        for lesion in lesions
    )
