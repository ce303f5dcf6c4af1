"""Make heatmaps for radiographs: as images over each radiograph, and as one file of arrays."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cxrtune.cohort.boxes import read_boxes
from cxrtune.errors import DataError, UnreadableImageError
from cxrtune.files import write_whole
from cxrtune.heatmaps import Heatmaps
from cxrtune.images.dicom import Allowance
from cxrtune.images.formats import SUFFIXES
from cxrtune.images.listing import ImageFile
from cxrtune.images.workers import Workers
from cxrtune.models.description import model_file
from cxrtune.packs.dataset import Dataset
from cxrtune.processors import processor_count
from cxrtune.progress import Reporter
from cxrtune.provenance import Source
from cxrtune.recipe import HeadSpec
from cxrtune.scoring.explanation import worth_explaining
from cxrtune.scoring.heatmap import heat, overlay, to_png
from cxrtune.scoring.loading import TITLE, EngineChoice, load_scorer
from cxrtune.scoring.prediction import Prediction, require_finding
from cxrtune.scoring.predictor import Predictor
from cxrtune.stage import stage

ARRAYS = "heatmaps.safetensors"
_METHODS = {
    "average": "class activation map: what each place adds to the logit, exact for average pooling",
    "lse": "Grad-CAM: the map weighted by its mean gradient through log-sum-exp pooling",
}


def explain_images(
    model: Path,
    images: Sequence[ImageFile],
    out: Path,
    reporter: Reporter,
    *,
    findings: Sequence[str] = (),
    engine: EngineChoice = "auto",
    allow: Sequence[Allowance] = (),
) -> Path:
    """Draw heatmaps over radiographs.

    Args:
        model: A run folder, its model file, or an exported model.
        images: The files.
        out: A folder: `heatmaps.safetensors` with all maps, and a PNG file `IMAGE/FINDING.png` per drawn map.
        reporter: Receives the progress and the images that could not be read.
        findings: The findings to draw; by default the positive ones or, if there are none, the finding
            nearest to its threshold.
        engine: The engine that runs the model.
        allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.

    Raises:
        CxrtuneError: The model is damaged, or the output cannot be written.
        UsageError: The model does not know a finding.
        DataError: No image could be read.
    """
    loaded = load_scorer(model, engine, aim="throughput")
    predictor = Predictor(loaded, frozenset(allow))
    for finding in findings:
        require_finding(finding, predictor.info.findings)
    inputs = [
        Source("model", str(model), loaded.identity.sha256, 0),
        Source.of_listing("images", Path(), {image.name: image.path for image in images}),
    ]
    settings = {"findings": list(findings), "engine": loaded.identity.engine, "allow": list(allow)}
    with stage("explain", out, inputs, settings, [ARRAYS], reporter) as draft:
        if draft.current:
            return out
        folders = _folders(images)
        names, maps, drawn = [], [], 0
        processes = min(processor_count(), len(images))
        with (
            Workers(predictor.reader(whole=True), processes) as decoders,
            reporter.task("Explaining", len(images)) as task,
        ):
            # Only a few are read ahead, because these images keep their whole radiographs in memory.
            read = decoders.read((image.path for image in images if image.problem is None), 2 * processes)
            results = predictor.score_in_turn(read)
            for image in images:
                result = UnreadableImageError(image.problem) if image.problem is not None else next(results)
                task.advance()
                if isinstance(result, UnreadableImageError):
                    reporter.warn(f"explain: {image.path} is not explained: {result.reason}")
                    continue
                names.append(image.name)
                maps.append(result.cam)
                for finding in findings or worth_explaining(result):
                    place = f"{folders[image.path]}/{finding}.png"
                    _draw(result, predictor, finding, out / place)
                    draft.made.append(place)
                    drawn += 1
                for flag in result.quality.flags:
                    reporter.warn(f"explain: {image.name} {flag.text}")
        if not maps:
            raise DataError("not one image could be read", path=images[0].path)
        info = predictor.info
        _heatmaps(names, info.findings, maps, info.recipe.head).write(out / ARRAYS)
        draft.counts = {"images": len(maps), "heatmaps": drawn, "not_explained": len(images) - len(maps)}
        reporter.say(
            f"explain: {drawn:,} heatmaps of {len(maps):,} images in {out}, all maps in {out / ARRAYS}"
        )
    return out


def explain_cohort(
    model: Path, dataset: Dataset, boxes_file: Path, out: Path, reporter: Reporter
) -> Path | None:
    """Make the heatmaps that an evaluation compares with bounding boxes.

    Args:
        model: A run folder or its model file.
        dataset: The cohort and its pack.
        boxes_file: The list of boxes; images without a box are left out.
        out: The file of heatmaps.
        reporter: Receives the progress.

    Returns:
        `out`; None if no validation or test image has a box.

    Raises:
        CxrtuneError: The inputs do not match, or the file cannot be written.
    """
    inputs = [
        Source.of_file("model", model_file(model)),
        *dataset.sources,
        Source.of_file("boxes", boxes_file),
    ]
    cohort, pack = dataset.cohort, dataset.pack
    boxed = set(read_boxes(boxes_file).images)
    rows = [r for r in cohort.rows("validation", "test") if pack.readable[r] and cohort.images[r] in boxed]
    if not rows:
        return None
    # The same engine as `predict` uses for a cohort; an exported model has only one engine.
    engine: EngineChoice = "auto" if model.suffix in (".onnx", ".xml") else "torch"
    loaded = load_scorer(model, engine, aim="throughput", batches=True)
    dataset.require_preprocessing_of(loaded.info.recipe, "model")
    with stage("explain", out, inputs, {}, [out.name], reporter) as draft:
        if draft.current:
            return out
        maps = []
        with reporter.task("Explaining", len(rows)) as task:
            for outputs in loaded.engine.stream(np.array(pack.pixels[row]) for row in rows):
                maps.append(outputs[1])
                task.advance()
        info = loaded.info
        _heatmaps(list(cohort.images[rows]), info.findings, maps, info.recipe.head).write(out)
        draft.counts = {"images": len(rows)}
    reporter.say(f"explain: heatmaps of {len(rows):,} images that have boxes")
    return out


def _folders(images: Sequence[ImageFile]) -> dict[Path, str]:
    """Return a folder for the heatmaps of each image: unique, and inside the output whatever its path."""
    paths = [os.path.abspath(image.path) for image in images]  # noqa: PTH100  resolve() would follow links
    often = Counter(Path(path).name.casefold() for path in paths)
    shared = os.path.commonpath([os.path.dirname(path) for path in paths])  # noqa: PTH120  as above
    whole = [
        Path(path).name if often[Path(path).name.casefold()] == 1 else os.path.relpath(path, shared)
        for path in paths
    ]
    # The last part of a UID looks like a suffix but is not.
    short = [
        name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in SUFFIXES else name for name in whole
    ]
    taken = Counter(name.casefold() for name in short)
    return {
        image.path: brief if taken[brief.casefold()] == 1 else name
        for image, brief, name in zip(images, short, whole, strict=True)
    }


def _heatmaps(
    names: Sequence[str], findings: Sequence[str], maps: Sequence[np.ndarray], head: HeadSpec
) -> Heatmaps:
    images = np.array(names, dtype=object)
    return Heatmaps(images, tuple(findings), np.stack(maps), TITLE, _METHODS[head.pooling])


def _draw(prediction: Prediction, predictor: Predictor, finding: str, place: Path) -> None:
    evidence = prediction.cam[predictor.info.findings.index(finding)]
    shape = (prediction.pixels.shape[0], prediction.pixels.shape[1])
    warmth = heat(evidence, shape, predictor.info.recipe.preprocess)
    with write_whole(place) as partial:
        partial.write_bytes(to_png(overlay(prediction.pixels, warmth)))
