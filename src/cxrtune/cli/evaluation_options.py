"""The options of an evaluation, which `evaluate` and `stats` share; NAME=VALUE becomes a mapping."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cxrtune.errors import UsageError

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
    ),
]
Primary = Annotated[
    str | None,
    typer.Option(
        "--primary",
        metavar="FINDING|macro",
        help="The primary endpoint, named before the scores were seen: on it the first two models are "
        "compared by a test that is not corrected.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        metavar="AUROC",
        help="By how much a model may be worse and still count as not inferior, such as 0.02.",
    ),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="NAME=FILE|NUMBER",
        help="Thresholds that make a model's calls: a CSV or JSON file (finding, threshold), or one number.",
    ),
]


def pairs_of(texts: Sequence[str] | None, *, option: str, example: str, kind: str) -> dict[str, str]:
    """Return the pairs.

    Args:
        texts: What was typed.
        option: The option, for errors.
        example: A pair, for errors.
        kind: What is wanted, for errors, such as `NAME=FILE`.

    Raises:
        UsageError: A text is no pair, or names what another one names.
    """
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        if not (separator and name and value):
            raise UsageError(f"'{text}' is no {kind}", remedy=f"Write it like: {option} {example}")
        if name in pairs:
            raise UsageError(f"{option} names '{name}' twice", remedy="Give each its own name.")
        pairs[name] = value
    return pairs


def files_of(texts: Sequence[str] | None, *, option: str, example: str) -> dict[str, Path]:
    """Return files by name.

    Raises:
        UsageError: A text is no pair, or a name stands twice.
    """
    pairs = pairs_of(texts, option=option, example=example, kind="NAME=FILE")
    return {name: Path(file) for name, file in pairs.items()}


def shares_of(texts: Sequence[str] | None) -> dict[str, float]:
    """Return stated prevalences by finding.

    Raises:
        UsageError: A text is no pair, or its share is no number.
    """
    option, example, kind = "--prevalence", "Effusion=0.05", "FINDING=SHARE"
    shares: dict[str, float] = {}
    for finding, share in pairs_of(texts, option=option, example=example, kind=kind).items():
        try:
            shares[finding] = float(share)
        except ValueError as error:
            raise UsageError(
                f"'{finding}={share}' is no {kind}", remedy=f"Write it like: {option} {example}"
            ) from error
    return shares


def thresholds_of(texts: Sequence[str] | None) -> dict[str, float | Path]:
    """Return, by model, a threshold or a file of thresholds.

    Raises:
        UsageError: A text is no pair, or a name stands twice.
    """
    from cxrtune.number_texts import number_of

    pairs = pairs_of(texts, option="--threshold", example="theirs=thresholds.csv", kind="NAME=FILE")
    numbers = {name: number_of(value) for name, value in pairs.items()}
    # Not a number is the one that differs from itself.
    return {name: number if number == number else Path(pairs[name]) for name, number in numbers.items()}


def image_columns_of(texts: Sequence[str] | None, models: Container[str]) -> dict[str, str]:
    """Return, by model, the column with the images' names; that of all others under an empty name.

    Raises:
        UsageError: A model has two, or all others have.
    """
    columns: dict[str, str] = {}
    for text in texts or ():
        name, separator, column = text.partition("=")
        # A column's name may hold an equals sign, too.
        key, value = (name, column) if separator and name in models else ("", text)
        if key in columns:
            of = f"'{key}'" if key else "all tables"
            raise UsageError(f"--image-column names the column of {of} twice", remedy="Name it once.")
        columns[key] = value
    return columns
