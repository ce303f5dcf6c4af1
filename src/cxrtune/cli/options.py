"""Options that several commands share, spelt once: which images, which model, where the output goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cxrtune.errors import UsageError

if TYPE_CHECKING:
    from cxrtune.cohort.own.cohort_map import Uncertain
    from cxrtune.experiment.cohort import GivenCohort
    from cxrtune.experiment.own_cohort import OwnData
    from cxrtune.images.dicom import Allowance
    from cxrtune.scoring.loading import EngineChoice

Name = TypeVar("Name", bound=str)

Out = Annotated[Path, typer.Option("--out", help="Where the output goes.", show_default=False)]
Data = Annotated[
    Path, typer.Option("--data", help="Folder with the images, the label table and the split lists.")
]
OptionalData = Annotated[
    Path | None, typer.Option("--data", help="NIH folder: the images, the label table and the split lists.")
]
GivenTable = Annotated[
    Path | None, typer.Option("--cohort", help="A cohort made before; --data is its images.")
]
Tables = Annotated[
    list[Path] | None,
    typer.Option("--csv", help="A label table of your own, in place of --data. May be repeated."),
]
Images = Annotated[Path | None, typer.Option("--images", help="Folder with the table's images.")]
MapName = Annotated[
    str | None,
    typer.Option(
        "--map",
        help="What the table's columns mean: a YAML file, or chexpert, mimic-cxr, padchest, vindr-cxr.",
    ),
]
UncertainLabels = Annotated[
    str | None,
    typer.Option(
        "--uncertain",
        help="Take uncertain labels for positive, negative or unknown; otherwise as the map says.",
    ),
]

CohortFile = Annotated[Path, typer.Option("--cohort", help="The cohort table.")]
PackFolder = Annotated[Path, typer.Option("--pack", help="The cohort's pack.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Decoding processes; otherwise one a processor.")
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
    ),
]
Model = Annotated[
    Path, typer.Argument(help="A run folder, its model.safetensors, or an exported model (.onnx, .xml).")
]
Inputs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="PNG, JPEG, TIFF and DICOM files, folders that are searched for them, or patterns in quotes."
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
    from cxrtune.images import dicom

    return dicom.allowances_of(names or ())


def engine_of(name: str) -> EngineChoice:
    """Return the engine that a user named.

    Raises:
        UsageError: There is no such engine.
    """
    from cxrtune.scoring.loading import engine_named

    return engine_named(name)


def data_of(
    data: Path | None,
    tables: list[Path] | None,
    images: Path | None,
    map_name: str | None,
    uncertain: str | None,
    *,
    metadata_only: bool = False,
) -> Path | OwnData:
    """Return what a user named: an NIH folder, or radiographs of their own.

    With `metadata_only` the latter need no folder of images.

    Raises:
        UsageError: Neither or both, or only a part of the second.
    """
    from cxrtune.experiment.own_cohort import OwnData

    own = (tables, images, map_name)
    if data is not None:
        if any(own) or uncertain is not None:
            raise UsageError(
                "--data is an NIH folder; --csv, --images, --map and --uncertain are for data of your own",
                remedy="Give the one or the others.",
            )
        return data
    if not any(own):
        raise UsageError(
            "no data was named",
            remedy="Give --data DIR (an NIH folder), or --csv FILE --images DIR --map MAP (your own).",
        )
    given = zip(("--csv", "--images", "--map"), own, strict=True)
    missing = [name for name, one in given if not one and not (metadata_only and name == "--images")]
    if tables is None or map_name is None or missing:
        raise UsageError(
            f"data of your own needs {' and '.join(missing)} too",
            remedy="Write it like: --csv labels.csv --images DIR --map map.yaml",
        )
    return OwnData(tuple(tables), images, map_name, None if uncertain is None else _uncertain(uncertain))


def refuse_protocol(protocol: str | None) -> None:
    """Refuse a protocol where a map names the findings.

    Raises:
        UsageError: There is one.
    """
    if protocol is not None:
        raise UsageError("--protocol is of NIH folders", remedy="Name the findings in the map.")


def cohort_and_images(
    cohort: Path,
    data: Path | None,
    tables: list[Path] | None,
    images: Path | None,
    map_name: str | None,
    uncertain: str | None,
) -> GivenCohort:
    """Return a cohort that was made before, with the folder of its images.

    Raises:
        UsageError: The folder was not named, or more than these two were.
    """
    from cxrtune.experiment.cohort import GivenCohort

    if data is None or tables or any(given is not None for given in (images, map_name, uncertain)):
        raise UsageError(
            "a cohort goes with --data, the folder of its images, and with nothing else",
            remedy="Write it like: --cohort cohort.parquet --data DIR",
        )
    return GivenCohort(cohort, data)


def _uncertain(name: str) -> Uncertain:
    from cxrtune.cohort.own.cohort_map import UNCERTAIN

    return one_of(UNCERTAIN, name, f"--uncertain does not know '{name}'")


@contextmanager
def from_extra(extra: str, whose: str) -> Iterator[None]:
    """Import packages that `pip install cxrtune` leaves out; one that is missing is an error that says how.

    Args:
        extra: That brings the packages, such as `serve`.
        whose: What needs them, in words.

    Raises:
        UsageError: One is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{whose} needs the package {error.name}, which is not installed",
            remedy=f"Install it with: pip install 'cxrtune[{extra}]'",
        ) from error
