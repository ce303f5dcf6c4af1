"""A model + image files -> a table of predictions with quality flags; what cannot be read is a row too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cxrtune.errors import DataError, UnreadableImageError
from cxrtune.file_notes import FileNotes
from cxrtune.images.decoders import Decoders
from cxrtune.images.dicom import Allowance
from cxrtune.images.listing import ImageFile
from cxrtune.images.reading import Reading, reader
from cxrtune.predictions import require_suffix
from cxrtune.processors import processor_count
from cxrtune.progress import Reporter
from cxrtune.provenance import Source, key_of
from cxrtune.scoring.in_turn import scored_in_turn
from cxrtune.scoring.journal import Journal
from cxrtune.scoring.loading import EngineChoice, LoadedModel, load_scorer
from cxrtune.scoring.rows import Row, failed_row, row_of, table_of
from cxrtune.scoring.scoring import Scoring
from cxrtune.stage import stage

_TOLD = 10  # unreadable images that are named one by one; all of them are rows of the table


@dataclass(frozen=True)
class ScoreOptions:
    """How images are scored.

    Attributes:
        engine: What runs the model.
        allow: DICOM files that are taken although they can be no frontal chest radiograph.
        refuse: Give no probabilities of a picture that the quality checks flag.
    """

    engine: EngineChoice = "auto"
    allow: tuple[Allowance, ...] = ()
    refuse: bool = False


def score_images(
    model: Path, images: Sequence[ImageFile], out: Path, options: ScoreOptions, reporter: Reporter
) -> Path:
    """Score image files.

    Rows are kept on disk as they come: a run that was cut off goes on, and the table appears whole.

    Args:
        model: A run folder, its model file, or an exported model.
        images: The files.
        out: The table: .parquet, .csv or .jsonl.
        options: How.
        reporter: Told of the progress and of what was not scored.

    Raises:
        CxrtuneError: The model is damaged, or the table cannot be written.
        DataError: Not one image could be scored; the table is there and says why.
    """
    require_suffix(out)
    loaded = load_scorer(model, options.engine, aim="throughput", pictures=len(images))
    inputs = [
        Source("model", str(model), loaded.identity.sha256, 0),
        Source.of_listing("images", Path(), {image.name: image.path for image in images}),
    ]
    settings = asdict(options) | {"engine": loaded.identity.engine}
    names = [image.name for image in images]
    with stage("predict", out, inputs, settings, [out.name], reporter) as draft:
        if draft.current:
            return out
        with Journal(out, key_of([inputs[0]], settings)) as journal:
            rows = _all_rows(loaded, images, options, journal, reporter)
            table = table_of(loaded.info, loaded.identity, names, rows)
            table.write(out)
            journal.discard()
        scored = sum(row["reason"] is None for row in rows)
        flagged = sum(bool(row["quality"]) for row in rows)
        draft.counts = {"images": len(rows), "scored": scored, "flagged": flagged}
    flags = f", {flagged:,} flagged by the quality checks" if flagged else ""
    reporter.say(f"predict: {scored:,} of {len(rows):,} images scored by {loaded.identity.engine}{flags}")
    if not scored:
        raise DataError("not one image could be scored", path=out, remedy="The table says why: see 'reason'.")
    return out


def _all_rows(
    model: LoadedModel,
    images: Sequence[ImageFile],
    options: ScoreOptions,
    journal: Journal,
    reporter: Reporter,
) -> list[Row]:
    keys = [_key(image) for image in images]
    if journal.rows:
        kept = sum(key in journal.rows for key in keys)
        reporter.say(f"predict: {kept:,} of {len(images):,} images were scored before and are kept")
    left = [(key, image) for key, image in zip(keys, images, strict=True) if key not in journal.rows]
    failed, notes = 0, FileNotes("predict", reporter)
    with reporter.task("Predicting", len(images)) as task:
        task.advance(len(images) - len(left))
        found = _rows(model, [image for _, image in left], options, notes)
        for (key, image), row in zip(left, found, strict=True):
            journal.note(key, row)
            task.advance()
            failed += row["reason"] is not None
            if row["reason"] is not None and failed <= _TOLD:
                reporter.warn(f"predict: {image.path} is not scored: {row['reason']}")
    if failed > _TOLD:
        reporter.warn(
            f"predict: {failed - _TOLD:,} more images are not scored; see the table's column 'reason'"
        )
    notes.tell_rest()
    return [journal.rows[key] for key in keys]


def _rows(
    model: LoadedModel,
    images: Sequence[ImageFile],
    options: ScoreOptions,
    notes: FileNotes,
) -> Iterator[Row]:
    scoring = Scoring(model.info, model.identity)
    make = reader(model.info.recipe.preprocess, frozenset(options.allow), whole=False)
    processes = min(processor_count(), max(1, len(images)))
    with Decoders(make, processes, warn=notes.warn) as decoders:
        found = scored_in_turn(model.engine, _read(images, decoders), lambda reading: reading.packed)
        for image, result in zip(images, found, strict=True):
            if isinstance(result, UnreadableImageError):
                yield failed_row(result.reason)
            else:
                reading, outputs = result
                notes.note(image.path, reading.notes)
                quality = scoring.quality(reading.appearance, outputs)
                yield row_of(scoring.scores(outputs), quality, refuse=options.refuse)


def _read(
    images: Sequence[ImageFile], decoders: Decoders[Path | bytes, Reading]
) -> Iterator[Reading | UnreadableImageError]:
    found = decoders.read(image.path for image in images if image.problem is None)
    for image in images:
        yield UnreadableImageError(image.problem) if image.problem is not None else next(found)


def _key(image: ImageFile) -> str:
    """Say which file this is: path, size and time of change, so that one that changed is read anew."""
    try:
        status = image.path.stat()
    except OSError:
        return json.dumps([str(image.path)])
    return json.dumps([str(image.path), status.st_size, status.st_mtime_ns])
