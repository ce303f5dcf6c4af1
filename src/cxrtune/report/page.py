"""Write the report: a self-contained HTML page, with its numbers and figures as files."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape
from numpy.typing import NDArray

from cxrtune.errors import OutputError
from cxrtune.evaluation.curve_files import BANDS, CURVES, PRECISION_RECALL
from cxrtune.evaluation.folder import RESULTS
from cxrtune.evaluation.results import StoredResults
from cxrtune.report.figures.inline import inline_svg
from cxrtune.report.figures.style import HUES
from cxrtune.report.judged import judged_images, judged_patients, synthetic
from cxrtune.report.material import Material, gather
from cxrtune.report.notation import counted, moment
from cxrtune.report.paper.write import FILES, FLOW_FILES, write_paper
from cxrtune.report.sections import SECTIONS

DEFAULT_TITLE = "Chest radiograph findings: evaluation report"

PAGE_FILE = "index.html"

_FLOW = "Flow of images from the label table to those that were evaluated."
_CURVES = (CURVES, PRECISION_RECALL, BANDS)
_QUOTED_COMMAND = re.compile(r"`([^`]+)`")
_TABLE_SUFFIXES = (".csv", ".md")
_OWN_FIGURES = (
    "roc-*.svg",
    "roc-*.png",
    "auroc.*",
    "training.*",
    "precision-recall-panels.*",
    "reliability.*",
    "net-benefit.*",
    "localization.*",
)


def write_report(
    evaluation: Path,
    out: Path,
    *,
    run: Path | None = None,
    provenances: Sequence[Path] = (),
    images: Mapping[str, NDArray[np.uint8]] = MappingProxyType({}),
    title: str = DEFAULT_TITLE,
) -> Path:
    """Write `out/index.html`, and `results.json`, `figures/`, `tables/` and files for a paper.

    The page is written last and atomically; figures of an earlier report for models that are no
    longer compared are removed.

    Args:
        evaluation: Folder of the evaluation.
        out: Folder of the report; created if it does not exist.
        run: Folder of the training run whose curves are shown, if any.
        provenances: Provenance records of the stages, in display order.
        images: uint8 (S, S) by image name: radiographs that may be shown as examples.
        title: Title of the page.

    Returns:
        The path of the page.

    Raises:
        DataError: An input is missing or not valid.
        OutputError: The report cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=out) as name:
            staging = Path(name)
            material = gather(
                evaluation,
                staging / "figures",
                run=run,
                provenances=provenances,
                images=images,
                title=title,
            )
            _build(evaluation, staging, material)
            _publish(staging, out)
    except OSError as error:
        raise OutputError(
            f"the report cannot be written: {error.strerror or error}",
            path=out,
            remedy="Check the space and the permissions there, or give another folder.",
        ) from error
    return out / PAGE_FILE


def _build(evaluation: Path, staging: Path, material: Material) -> None:
    tables = staging / "tables"
    tables.mkdir()
    for path in sorted(evaluation.iterdir()):
        if path.suffix in _TABLE_SUFFIXES and path.name not in _CURVES:
            shutil.copyfile(path, tables / path.name)
    shutil.copyfile(evaluation / RESULTS, staging / RESULTS)
    write_paper(material, staging)
    flow = inline_svg(staging / FLOW_FILES[0], prefix="flow", description=_FLOW)
    material = replace(material, figures=replace(material.figures, flow=flow))
    (staging / PAGE_FILE).write_text(render_page(material), encoding="utf-8", newline="\n")


def _publish(staging: Path, out: Path) -> None:
    for folder in ("figures", "tables"):
        (out / folder).mkdir(exist_ok=True)
    _remove_stale_figures(staging / "figures", out / "figures")
    for folder in ("figures", "tables"):
        for path in sorted((staging / folder).iterdir()):
            path.replace(out / folder / path.name)
    for name in (RESULTS, *FILES, PAGE_FILE):
        (staging / name).replace(out / name)


def _remove_stale_figures(fresh: Path, published: Path) -> None:
    for pattern in _OWN_FIGURES:
        for path in published.glob(pattern):
            if not (fresh / path.name).exists():
                path.unlink()


def render_page(material: Material) -> str:
    """Return the page's HTML."""
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    return environment.get_template("report.html.j2").render(
        title=material.title,
        results=material.results,
        when=_when(material),
        facts=_facts(material.results),
        sections=[(section, view) for section in SECTIONS if (view := section.view(material)) is not None],
        css=Markup(f"{_colours()}\n{_template('report.css')}"),
    )


def prose(text: str) -> Markup:
    """Escape a text, and show text in backticks as code, as stages quote commands that way."""
    return Markup(_QUOTED_COMMAND.sub(r"<code>\1</code>", str(escape(text))))


def _facts(results: StoredResults) -> tuple[str, ...]:
    part = "" if results.split == "all" else f"{results.split} "
    images = counted(judged_images(results), f"{synthetic(results)}{part}image")
    return (
        counted(len(results.findings), "finding"),
        counted(len(results.models), "model"),
        f"{images} judged",
        "patients not given"
        if results.origin.patients == "each image"
        else counted(judged_patients(results), "patient"),
    )


def _template(name: str) -> str:
    return files("cxrtune.report").joinpath("templates", *name.split("/")).read_text(encoding="utf-8")


def _colours() -> str:
    """Return the colours of the figures as custom properties: light, also in print, and dark."""
    light = "".join(f"--{hue.name}:{hue.light};" for hue in HUES)
    dark = "".join(f"--{hue.name}:{hue.dark};" for hue in HUES)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _when(material: Material) -> str | None:
    # The current time would make two reports of the same results differ: the time of the last stage is used.
    return moment(material.records[-1].created) if material.records else None
