"""`cxrtune stats`: one table with labels and scores -> the evaluation and its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.evaluation_options import (
    DrawSeed,
    Margin,
    Prevalences,
    Primary,
    Replicates,
    Thresholds,
    pairs_of,
    shares_of,
    thresholds_of,
)
from cxrtune.cli.options import Out


def _column(option: str, text: str) -> Any:
    return typer.Option(option, metavar="COLUMN", help=text)


def command(
    context: typer.Context,
    table: Annotated[Path, typer.Argument(help="A CSV, Parquet or JSON-lines table, a row an image.")],
    labels: Annotated[
        list[str],
        typer.Option(
            "--label",
            metavar="[FINDING=]COLUMN",
            help="A column with the reference standard: 1, 0, or nothing if not known. May be repeated.",
        ),
    ],
    scores: Annotated[
        list[str],
        typer.Option(
            "--score",
            metavar="NAME=COLUMN",
            help="A model's scores in [0, 1]; with several labels a name such as {finding}_a.",
        ),
    ],
    patient: Annotated[str | None, _column("--patient", "Who a row is of.")] = None,
    independent: Annotated[
        bool, typer.Option("--independent", help="There are no patients: each row is of one of its own.")
    ] = False,
    image: Annotated[str | None, _column("--image", "The image's name, for examples in the page.")] = None,
    sex: Annotated[str | None, _column("--sex", "F or M, for subgroups.")] = None,
    age: Annotated[str | None, _column("--age", "Years, for subgroups.")] = None,
    view: Annotated[str | None, _column("--view", "PA or AP, for subgroups.")] = None,
    thresholds: Thresholds = None,
    prevalence: Prevalences = None,
    primary: Primary = None,
    margin: Margin = None,
    replicates: Replicates = 2000,
    seed: DrawSeed = 0,
    out: Out = Path("stats"),
) -> None:
    """Judge models by one table with labels and scores: no images, no map, every row counts."""
    from cxrtune.cli.result_tables import print_judged
    from cxrtune.errors import UsageError
    from cxrtune.evaluation.settings import EvaluationSettings, Plan
    from cxrtune.experiment.stats import StatsRequest, judge_table
    from cxrtune.experiment.table_columns import TableColumns

    if (patient is None) != independent:
        what = "both --patient and --independent are" if independent else "no column of patients is"
        raise UsageError(
            f"{what} given",
            remedy="Name the patients with --patient COLUMN, as images of one patient are alike. Only if no"
            " patient has two rows, say --independent.",
        )
    reporter = reporter_of(context)
    columns = TableColumns(
        labels=_labels(labels),
        scores=pairs_of(scores, option="--score", example="ours=score_a", kind="NAME=COLUMN"),
        patient=patient,
        image=image,
        sex=sex,
        age=age,
        view=view,
    )
    settings = EvaluationSettings(
        replicates=replicates, seed=seed, prevalence=shares_of(prevalence), plan=Plan(primary, margin)
    )
    request = StatsRequest(columns, settings, thresholds_of(thresholds))
    print_judged(judge_table(table, request, out, reporter), reporter)


def _labels(texts: list[str]) -> dict[str, str]:
    """Return the columns of labels by finding; a column alone has the finding's name."""
    pairs = [text if "=" in text else f"{text}={text}" for text in texts]
    return pairs_of(pairs, option="--label", example="Effusion=label", kind="FINDING=COLUMN")
