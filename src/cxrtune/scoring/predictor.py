"""A trained model as a Python object, which returns predictions for images."""

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
        """Create a predictor from a loaded model; use `Predictor.load` to load one.

        Args:
            model: The model with its engine.
            allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.
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
            engine: The engine that runs it; `auto` is torch on a GPU and OpenVINO on a CPU.
            aim: `latency` to score single images quickly, `throughput` to score many images.
            allow: Kinds of DICOM files to accept although they cannot be frontal chest radiographs.

        Returns:
            The predictor, ready to score images.

        Raises:
            ModelFileError: The model is missing or damaged.
            UsageError: The engine does not support the model or is not available; or an argument has a wrong
                type or is not one of the known values.
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
            source: The path of a file; the bytes of a file; grey values, uint8 or uint16 (H, W), bright where
                the body absorbs most (a torch tensor may also be (1, H, W)); a PIL image; or a pydicom data
                set.

        Returns:
            Score, probability, threshold and decision for each finding, the OOD check and the class
            activation maps.

        Raises:
            UnreadableImageError: The source is not a readable radiograph.
            UsageError: The source has an unsupported type, or is an array without grey values.
        """
        return self.score([self.read(source)])[0]

    def explain(self, source: Source, finding: str | None = None) -> Explanation:
        """Show the location of a finding in an image.

        Args:
            source: The image, as for `predict`.
            finding: The finding; None uses the first positive finding or, if there is none, the one nearest
                to its threshold.

        Returns:
            The heatmap, float32 (H, W), with a figure.

        Raises:
            UnreadableImageError: The source is not a readable radiograph.
            UsageError: The model does not know the finding, or the source has an unsupported type.
        """
        if finding is not None:
            require_finding(finding, self.info.findings)
        return explain(self.predict(source), self._spec, finding)

    def read(self, source: Source) -> Reading:
        """Decode one image and resize it to the input size of the network.

        Args:
            source: The image, as for `predict`.

        Returns:
            The image, ready for `score`.

        Raises:
            UnreadableImageError: The source is not a readable radiograph.
            UsageError: The source has an unsupported type, or is an array without grey values.
        """
        return reading_of(radiograph_of(source, self.allow), self._spec)

    def reader(self, *, whole: bool, max_pixels: int = MAX_PIXELS) -> Callable[[], Reader]:
        """Return a factory of the reader that decodes files in decoding processes (`images.workers`).

        Args:
            whole: Whether to keep the decoded radiograph, which predictions need.
            max_pixels: Largest number of pixels; files whose headers claim more are rejected.

        Returns:
            A callable that is sent to a decoding process and returns the reader there.
        """
        return reader(self._spec, self.allow, whole=whole, max_pixels=max_pixels)

    def score(self, readings: Sequence[Reading]) -> list[Prediction]:
        """Score images that are already decoded.

        Args:
            readings: The images, from `read`.

        Returns:
            One prediction per image.
        """
        outputs = self._engine.stream(reading.packed for reading in readings)
        return [
            self._scoring.prediction(reading, found) for reading, found in zip(readings, outputs, strict=True)
        ]

    def predict_many(self, sources: Iterable[Source]) -> Iterator[Prediction | UnreadableImageError]:
        """Score images in order; an image that cannot be read yields its error in its place.

        Images are decoded while earlier ones are scored; memory does not grow with their number.

        Args:
            sources: The images, each as for `predict`.

        Yields:
            The prediction or the error of each image, in order.

        Raises:
            UsageError: A source has an unsupported type, or is an array without grey values.
        """
        with ThreadPoolExecutor(_DECODERS) as decoders:
            read = in_order(lambda source: decoders.submit(self.read, source), sources, _AHEAD)
            yield from self.score_in_turn(read)

    def score_in_turn(
        self, read: Iterable[Reading | UnreadableImageError]
    ) -> Iterator[Prediction | UnreadableImageError]:
        """Score images that are decoded elsewhere, in order; reading errors keep their places.

        Args:
            read: Decoded images, or the errors of those that could not be read.

        Yields:
            The prediction or the error of each image, in order.
        """
        for found in scored_in_turn(self._engine, read, lambda reading: reading.packed):
            if isinstance(found, UnreadableImageError):
                yield found
            else:
                reading, outputs = found
                yield self._scoring.prediction(reading, outputs)
