"""A trained model as a Python object: pictures in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cxrtune.engines.engine import Aim
from cxrtune.errors import UnreadableImageError, UsageError
from cxrtune.images.decode import decode_radiograph, read_radiograph
from cxrtune.images.dicom import Allowance
from cxrtune.images.radiograph import MAX_PIXELS, Pixels, Radiograph
from cxrtune.images.reading import Reader, Reading, reader, reading_of
from cxrtune.images.workers import in_order
from cxrtune.models.description import ModelInfo
from cxrtune.scoring.loading import EngineChoice, LoadedModel, load_scorer
from cxrtune.scoring.outputs import Scoring, scored_in_turn
from cxrtune.scoring.prediction import ModelIdentity, Prediction

Source = str | Path | bytes | Pixels
"""A file's path, a file's bytes, or grey values, uint8 or uint16 (H, W), bright where the body absorbs."""

_AHEAD = 16  # pictures that are decoded before the engine asks for them
_DECODERS = 2


class Predictor:
    """Scores radiographs with one model."""

    def __init__(self, model: LoadedModel, allow: frozenset[Allowance] = frozenset()) -> None:
        self._engine = model.engine
        self._scoring = Scoring(model.info, model.identity)
        self._spec = model.info.recipe.preprocess
        self.allow = allow
        self.info: ModelInfo = model.info
        self.identity: ModelIdentity = model.identity

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
            aim: The shortest wait for one picture, or many pictures at once.
            allow: DICOM files that are taken although they can be no frontal chest radiograph.

        Raises:
            ModelFileError: The model is missing or damaged.
            UsageError: The engine does not go with the model, or is not to be had here.
        """
        return cls(load_scorer(Path(model), engine, aim=aim), frozenset(allow))

    def predict(self, source: Source) -> Prediction:
        """Score one picture.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: An array is not of grey values.
        """
        return self.score([self.read(source)])[0]

    def read(self, source: Source) -> Reading:
        """Decode one picture and bring it to the network's size.

        Raises:
            UnreadableImageError: The source gives no radiograph.
            UsageError: An array is not of grey values.
        """
        return reading_of(self._radiograph(source), self._spec)

    def reader(self, *, whole: bool, max_pixels: int = MAX_PIXELS) -> Callable[[], Reader]:
        """Return what makes the same of files in a decoding process (`images.workers`).

        Args:
            whole: Keep the radiograph as it was decoded, as predictions want it.
            max_pixels: A header that claims more is refused.
        """
        return reader(self._spec, self.allow, whole=whole, max_pixels=max_pixels)

    def score(self, readings: Sequence[Reading]) -> list[Prediction]:
        """Score pictures that were read, together."""
        outputs = self._engine.stream(reading.packed for reading in readings)
        return [
            self._scoring.prediction(reading, found) for reading, found in zip(readings, outputs, strict=True)
        ]

    def predict_many(self, sources: Iterable[Source]) -> Iterator[Prediction | UnreadableImageError]:
        """Score pictures in turn; what gives no radiograph yields its error in its place.

        Pictures are decoded while earlier ones are in the network; memory does not grow with their number.

        Raises:
            UsageError: An array is not of grey values.
        """
        with ThreadPoolExecutor(_DECODERS) as decoders:
            read = in_order(lambda source: decoders.submit(self.read, source), sources, _AHEAD)
            yield from self.score_in_turn(read)

    def score_in_turn(
        self, read: Iterable[Reading | UnreadableImageError]
    ) -> Iterator[Prediction | UnreadableImageError]:
        """Score what is read elsewhere, in turn; errors of reading keep their places."""
        for found in scored_in_turn(self._engine, read, lambda reading: reading.packed):
            if isinstance(found, UnreadableImageError):
                yield found
            else:
                reading, outputs = found
                yield self._scoring.prediction(reading, outputs)

    def _radiograph(self, source: Source) -> Radiograph:
        if isinstance(source, bytes):
            return decode_radiograph(source, self.allow)
        if isinstance(source, np.ndarray):
            return Radiograph(_grey_values(source))
        return read_radiograph(Path(source), self.allow)


def _grey_values(array: NDArray[np.generic]) -> Pixels:
    if array.ndim == 2 and array.size and array.dtype in (np.uint8, np.uint16):
        return cast(Pixels, np.ascontiguousarray(array))
    raise UsageError(
        f"an array of {array.dtype} {array.shape} is no radiograph",
        remedy="Give grey values as uint8 or uint16 (height, width), bright where the body absorbs most.",
    )
