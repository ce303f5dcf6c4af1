"""Options that several commands share, spelt once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cxrtune.images.dicom import Allowance

Data = Annotated[
    Path,
    typer.Option(
        "--data", help="Folder with the images, the label table and the split lists.", show_default=False
    ),
]
OptionalData = Annotated[
    Path | None,
    typer.Option(
        "--data", help="NIH folder: the images, the label table and the split lists.", show_default=False
    ),
]
GivenTable = Annotated[
    Path | None,
    typer.Option("--cohort", help="A cohort made before; --data is its images.", show_default=False),
]
Tables = Annotated[
    list[Path] | None,
    typer.Option(
        "--csv", help="A label table of your own, in place of --data. May be repeated.", show_default=False
    ),
]
Images = Annotated[
    Path | None, typer.Option("--images", help="Folder with the table's images.", show_default=False)
]
MapName = Annotated[
    str | None,
    typer.Option(
        "--map",
        help="What the table's columns mean: a YAML file, or chexpert, mimic-cxr, padchest, vindr-cxr.",
        show_default=False,
    ),
]
UncertainLabels = Annotated[
    str | None,
    typer.Option(
        "--uncertain",
        help="Take uncertain labels for positive, negative or unknown; otherwise as the map says.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Where the output goes.", show_default=False)]
CohortFile = Annotated[Path, typer.Option("--cohort", help="The cohort table.", show_default=False)]
PackFolder = Annotated[Path, typer.Option("--pack", help="The cohort's pack.", show_default=False)]
RecipeName = Annotated[
    str, typer.Option("--recipe", help="A recipe's YAML file, or the name of a shipped one.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one key of the recipe, such as training.epochs=3."
    ),
]
Protocol = Annotated[
    str | None, typer.Option("--protocol", help="nih8 or nih14; otherwise the recipe's.", show_default=False)
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights", help="imagenet, random, or a weights file; otherwise the recipe's.", show_default=False
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help="Decoding processes; otherwise one a processor.", show_default=False
    ),
]
MaxUnreadable = Annotated[
    float,
    typer.Option(
        "--max-unreadable", min=0.0, max=1.0, help="Largest share of unreadable images to put up with."
    ),
]
Replicates = Annotated[
    int, typer.Option("--replicates", min=100, help="How often the patients are drawn for intervals.")
]
DrawSeed = Annotated[int, typer.Option("--seed", min=0, help="Decides which patients are drawn.")]
Prevalences = Annotated[
    list[str] | None,
    typer.Option(
        "--prevalence",
        metavar="FINDING=SHARE",
        help="Say what calls mean where the finding is this frequent, such as Effusion=0.05.",
        show_default=False,
    ),
]
Primary = Annotated[
    str | None,
    typer.Option(
        "--primary",
        metavar="FINDING|macro",
        help="The primary endpoint, named before the scores were seen: on it the first two models are "
        "compared by a test that is not corrected.",
        show_default=False,
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        metavar="AUROC",
        help="By how much a model may be worse and still count as not inferior, such as 0.02.",
        show_default=False,
    ),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="NAME=FILE|NUMBER",
        help="Thresholds that make a model's calls: a CSV or JSON file (finding, threshold), or one number.",
        show_default=False,
    ),
]

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="KIND",
        help="Take DICOM files that are refused: modality, multiframe, colour, lateral. May be repeated.",
        show_default=False,
    ),
]


def setting(key: str, text: str) -> str:
    """Return an override that sets a key to just this text, whatever YAML would make of it."""
    return f"{key}={json.dumps(text, ensure_ascii=False)}"


def allowances_of(names: list[str] | None) -> tuple[Allowance, ...]:
    """Return what a user lets in.

    Raises:
        UsageError: There is no such kind.
    """
    from cxrtune.errors import UsageError
    from cxrtune.images.dicom import ALLOWANCES

    for name in names or ():
        if name not in ALLOWANCES:
            raise UsageError(f"--allow does not know '{name}'", remedy=f"Choose of: {', '.join(ALLOWANCES)}.")
    return tuple(kind for kind in ALLOWANCES if kind in (names or ()))
