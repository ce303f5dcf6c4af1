"""Options that several commands share, spelt once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cxrtune.errors import UsageError

if TYPE_CHECKING:
    from cxrtune.images.dicom import Allowance
    from cxrtune.scoring.loading import EngineChoice

Name = TypeVar("Name", bound=str)

Out = Annotated[Path, typer.Option("--out", help="Where the output goes.", show_default=False)]
CohortFile = Annotated[Path, typer.Option("--cohort", help="The cohort table.", show_default=False)]
PackFolder = Annotated[Path, typer.Option("--pack", help="The cohort's pack.", show_default=False)]
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

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="KIND",
        help="Take DICOM files that are refused: modality, multiframe, colour, lateral. May be repeated.",
        show_default=False,
    ),
]
Model = Annotated[
    Path,
    typer.Argument(
        help="A run folder, its model.safetensors, or an exported model (.onnx, .xml).", show_default=False
    ),
]
Inputs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="PNG, JPEG, TIFF and DICOM files, folders that are searched for them, or patterns in quotes.",
        show_default=False,
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="auto (the fastest here), torch, openvino, or an export: onnx, openvino-int8.",
    ),
]


def one_of(known: Sequence[Name], name: str, fault: str) -> Name:
    """Return the one of some known names that a user typed.

    Args:
        known: The names.
        name: What was typed.
        fault: What is wrong if it is none of them.

    Raises:
        UsageError: It is none of them.
    """
    for one in known:
        if name == one:
            return one
    raise UsageError(fault, remedy=f"Choose one of: {', '.join(known)}.")


def allowances_of(names: list[str] | None) -> tuple[Allowance, ...]:
    """Return what a user lets in.

    Raises:
        UsageError: There is no such kind.
    """
    from cxrtune.images.dicom import ALLOWANCES

    for name in names or ():
        if name not in ALLOWANCES:
            raise UsageError(f"--allow does not know '{name}'", remedy=f"Choose of: {', '.join(ALLOWANCES)}.")
    return tuple(kind for kind in ALLOWANCES if kind in (names or ()))


def engine_of(name: str) -> EngineChoice:
    """Return the engine that a user named.

    Raises:
        UsageError: There is no such engine.
    """
    from cxrtune.scoring.loading import ENGINES

    return one_of(ENGINES, name, f"there is no engine '{name}'")
