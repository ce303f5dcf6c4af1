"""`cxrtune run`: the whole experiment on real radiographs."""

from __future__ import annotations

import typer

from cxrtune.cli.console import reporter_of
from cxrtune.cli.data_options import (
    GivenTable,
    Images,
    MapName,
    OptionalData,
    Tables,
    UncertainLabels,
    cohort_and_images,
    data_of,
    refuse_protocol,
)
from cxrtune.cli.options import Allow, MaxUnreadable, Out, Workers, allowances_of
from cxrtune.cli.training_options import (
    Bank,
    BankPrecision,
    Devices,
    EngineOption,
    NumNodes,
    Overrides,
    Protocol,
    RecipeName,
    Resume,
    Tracker,
    Views,
    Weights,
    circumstances_of,
    overrides_of,
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
    recipe: RecipeName = "reference",
    protocol: Protocol = None,
    weights: Weights = None,
    overrides: Overrides = None,
    bank: Bank = None,
    views: Views = None,
    bank_precision: BankPrecision = None,
    engine: EngineOption = None,
    resume: Resume = True,
    tracker: Tracker = None,
    devices: Devices = 1,
    num_nodes: NumNodes = 1,
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
    changes = overrides_of(
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
        circumstances=circumstances_of(tracker, resume=resume, devices=devices, num_nodes=num_nodes),
    )
    if outcome is not None:
        print_outcome(outcome, reporter)
