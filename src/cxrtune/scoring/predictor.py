"""A trained model as a Python object: images in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from cxrtune.engines.engine import Aim
from cxrtune.errors import UnreadableImageError, UsageError
from cxrtune.images.dicom import Allowance, allowances_of
from cxrtune.images.radiograph import MAX_PIXELS
from cxrtune.images.reading import Reader, Reading, reader, reading_of
from cxrtune.images.sources import radiograph_of
from cxrtune.images.workers import in_order
from cxrtune.models.description import ModelInfo
from cxrtune.scoring.explanation import Explanation, explain
from cxrtune.scoring.loading import EngineChoice, LoadedModel, engine_named, load_scorer
from cxrtune.scoring.outputs import Scoring, scored_in_turn
from cxrtune.scoring.prediction import ModelIdentity, Prediction, require_finding
from cxrtune.shown import quoted

if TYPE_CHECKING:
    from cxrtune.images.sources import Source

_AHEAD = 16  # images that are decoded before the engine asks for them
_DECODERS = 2


class Predictor:
    """Scores radiographs with one model."""

    def __init__(self, model: LoadedModel, allow: frozenset[Allowance] = frozenset()) -> None:
        """Make a predictor of a model that is loaded; `Predictor.load` loads one.

        Args:
            model: The model with its engine.
            allow: DICOM files that are taken although they can be no frontal chest radiograph.
        """
        self._engine = model.engine
        self._scoring = Scoring(model.info, model.identity)
        self._spec = model.info.recipe.preprocess
        self.allow = allow
        self.info: ModelInfo = model.info
        self.identity: ModelIdentity = model.identity

    def __repr__(self) -> str:
        return f"Predictor({self.identity.title}; {len(self.info.findings)} findings; {self.identity.engine})"

    @classmethod
    def load(
        cls,
        model: str | Path,
        *,
        engine: EngineChoice = "auto",
        aim: Aim = "latency",
        allow: Iterable[Allowance] = (),
    ) -> Predictor:
        """Load a model.

        Args:
            model: A run folder, its model.safetensors, or an exported model (.onnx, .xml).
            engine: What runs it; `auto` is torch on a GPU and OpenVINO on a CPU.
            aim: `latency` for the shortest wait for one image, `throughput` for many images at once.
            allow: DICOM files that are taken although they can be no frontal chest radiograph.

        Returns:
            The model, ready to score.

        Raises:
            ModelFileError: The model is missing or damaged.
            UsageError: The engine does not go with the model, or is not available; or an argument is of a
                wrong type or not among those that are known.
        """
        if not isinstance(model, str | Path):
            raise UsageError(
                f"model is an object of type {type(model).__name__}",
                remedy="Give the path as a text or a Path.",
            )
        if aim not in ("latency", "throughput"):
            raise UsageError(f"aim is {quoted(aim)}", remedy="Choose latency or throughput.")
        allowed = frozenset(allowances_of(allow))
        return cls(load_scorer(Path(model), engine_named(engine), aim=aim), allowed)

    def predict(self, source: Source) -> Prediction:
        """Score one image.

        Args:
            source: A file's path; a file's bytes; grey values, uint8 or uint16 (H, W), a torch tensor also
                (1, H, W), bright where the body absorbs most; a PIL image; or a pydicom data set.

        Returns:
            Score, probability, threshold and decision of each finding, the OOD check and the class activation
            maps.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: The source is of another type, or an array that does not hold grey values.
        """
        return self.score([self.read(source)])[0]

    def explain(self, source: Source, finding: str | None = None) -> Explanation:
        """Show where in one image a finding is seen.

        Args:
            source: The image, as for `predict`.
            finding: The finding; None takes the first that is positive or, where none is, the one nearest to
                its threshold.

        Returns:
            The heatmap, float32 (H, W), with a figure.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: The model does not know the finding, or the source is of another type.
        """
        if finding is not None:
            require_finding(finding, self.info.findings)
        return explain(self.predict(source), self._spec, finding)

    def read(self, source: Source) -> Reading:
        """Decode one image and bring it to the network's size.

        Args:
            source: The image, as for `predict`.

        Returns:
            The image, ready for `score`.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: The source is of another type, or an array that does not hold grey values.
        """
        return reading_of(radiograph_of(source, self.allow), self._spec)

    def reader(self, *, whole: bool, max_pixels: int = MAX_PIXELS) -> Callable[[], Reader]:
        """Return what makes the same of files in a decoding process (`images.workers`).

        Args:
            whole: Keep the radiograph as it was decoded, as predictions want it.
            max_pixels: A header that claims more is refused.

        Returns:
            What is sent to a decoding process.
        """
        return reader(self._spec, self.allow, whole=whole, max_pixels=max_pixels)

    def score(self, readings: Sequence[Reading]) -> list[Prediction]:
        """Score images that were read, together.

        Args:
            readings: Of `read`.

        Returns:
            A prediction of each.
        """
        outputs = self._engine.stream(reading.packed for reading in readings)
        return [
            self._scoring.prediction(reading, found) for reading, found in zip(readings, outputs, strict=True)
        ]

    def predict_many(self, sources: Iterable[Source]) -> Iterator[Prediction | UnreadableImageError]:
        """Score images in turn; what gives no radiograph yields its error in its place.

        Images are decoded while earlier ones are in the network; memory does not grow with their number.

        Args:
            sources: The images, each as for `predict`.

        Yields:
            A prediction, or the error, of each, in order.

        Raises:
            UsageError: The source is of another type, or an array that does not hold grey values.
        """
        with ThreadPoolExecutor(_DECODERS) as decoders:
            read = in_order(lambda source: decoders.submit(self.read, source), sources, _AHEAD)
            yield from self.score_in_turn(read)

    def score_in_turn(
        self, read: Iterable[Reading | UnreadableImageError]
    ) -> Iterator[Prediction | UnreadableImageError]:
        """Score what is read elsewhere, in turn; errors of reading keep their places.

        Args:
            read: Images that were read, or the errors of those that could not be.

        Yields:
            A prediction, or the error, of each, in order.
        """
        for found in scored_in_turn(self._engine, read, lambda reading: reading.packed):
            if isinstance(found, UnreadableImageError):
                yield found
            else:
                reading, outputs = found
                yield self._scoring.prediction(reading, outputs)
