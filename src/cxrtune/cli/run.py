"""`cxrtune run`: the whole experiment on real radiographs."""

from __future__ import annotations

import typer

from cxrtune.cli import training_options as training
from cxrtune.cli.console import reporter_of
from cxrtune.cli.options import (
    Allow,
    GivenTable,
    Images,
    MapName,
    MaxUnreadable,
    OptionalData,
    Out,
    Tables,
    UncertainLabels,
    Workers,
    allowances_of,
    cohort_and_images,
    data_of,
    refuse_protocol,
)


def command(
    context: typer.Context,
    out: Out,
    data: OptionalData = None,
    cohort: GivenTable = None,
    tables: Tables = None,
    images: Images = None,
    map_name: MapName = None,
    uncertain: UncertainLabels = None,
    recipe: training.RecipeName = "reference",
    protocol: training.Protocol = None,
    weights: training.Weights = None,
    overrides: training.Overrides = None,
    bank: training.Bank = None,
    views: training.Views = None,
    bank_precision: training.BankPrecision = None,
    engine: training.EngineOption = None,
    resume: training.Resume = True,
    tracker: training.Tracker = None,
    devices: training.Devices = 1,
    num_nodes: training.NumNodes = 1,
    workers: Workers = None,
    max_unreadable: MaxUnreadable = 0.01,
    allow: Allow = None,
) -> None:
    """Run every stage, from cohort to report, on an NIH folder or on data of your own."""
    from cxrtune.cli.result_tables import print_outcome
    from cxrtune.experiment.run import run_experiment
    from cxrtune.processors import processor_count
    from cxrtune.recipe_file import load_recipe

    reporter = reporter_of(context)
    if cohort is not None or tables:
        refuse_protocol(protocol)
    changes = training.overrides_of(
        overrides,
        protocol=protocol,
        weights=weights,
        bank=bank,
        views=views,
        bank_precision=bank_precision,
        engine=engine,
    )
    outcome = run_experiment(
        data_of(data, tables, images, map_name, uncertain)
        if cohort is None
        else cohort_and_images(cohort, data, tables, images, map_name, uncertain),
        out,
        load_recipe(recipe, changes, reporter.warn),
        workers=workers or processor_count(),
        max_unreadable=max_unreadable,
        allow=allowances_of(allow),
        reporter=reporter,
        circumstances=training.circumstances_of(tracker, resume=resume, devices=devices, num_nodes=num_nodes),
    )
    if outcome is not None:
        print_outcome(outcome, reporter)
