"""How well the OOD check tells other images from radiographs: a table a kind.

    python benchmarks/gate.py RUN [--images 200]

RUN is a run folder with a model, its cohort and its pack. Ordinary are its test images, which the gate and
its threshold have not seen. Strange are test images turned, mirrored, inverted or covered with noise; natural
images of scikit-image and scikit-learn, whole and in parts; and every other image that pydicom and
pydicom-data carry (hands, heads, ultrasound, objects), windowed by its own 1st and 99th percentile.
"""

import argparse
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from cxrtune.experiment.export import images_of
from cxrtune.images.preprocess import to_packed
from cxrtune.images.radiograph import Radiograph
from cxrtune.images.reading import Reading, reading_of
from cxrtune.models.checkpoint import load_gated_model
from cxrtune.recipe import PreprocessSpec
from cxrtune.scoring.predictor import Predictor

Images = list[NDArray[np.uint8]]
RADIOGRAPHS = frozenset(
    {"RG1_UNCR", "RG1_UNCI", "RG1_J2KR", "RG1_J2KI"}
)  # the one chest among pydicom's files


def changed(test: Images, random: np.random.Generator) -> dict[str, Images]:
    half = test[: max(1, len(test) * 2 // 5)]
    return {
        "inverted": [255 - p for p in half],
        "turned by 90 degrees": [np.rot90(p, 1) for p in half],
        "turned by 180 degrees": [np.rot90(p, 2) for p in half],
        "turned by 270 degrees": [np.rot90(p, 3) for p in half],
        "upside down": [p[::-1] for p in half],
        "mirrored": [p[:, ::-1] for p in half],
        "covered with noise": [
            np.clip(p + random.normal(0, 60, p.shape), 0, 255).astype(np.uint8) for p in half
        ],
    }


def folder_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None, package
    assert found.origin is not None, package
    return Path(found.origin).parent


def natural(spec: PreprocessSpec, random: np.random.Generator) -> Images:
    places = (folder_of("skimage") / "data", folder_of("sklearn") / "datasets" / "images")
    images = []
    for path in sorted(path for place in places for path in place.glob("*.[pj][np]g")):
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        images.append(grey)
        for _ in range(3):
            side = int(min(grey.shape) * random.uniform(0.4, 0.9))
            top, left = (int(random.integers(0, length - side + 1)) for length in grey.shape)
            images.append(grey[top : top + side, left : left + side])
    return [to_packed(Radiograph(np.ascontiguousarray(p)), spec) for p in images]


def other_dicom(spec: PreprocessSpec) -> Images:
    folders = (folder_of("pydicom") / "data" / "test_files", folder_of("data_store") / "data")
    found = []
    for path in sorted(path for folder in folders for path in folder.glob("*.dcm")):
        if path.stem not in RADIOGRAPHS:
            found += [to_packed(Radiograph(p), spec) for p in _frame(path)]
    return found


def _frame(path: Path) -> Iterator[NDArray[np.uint8]]:
    try:
        data_set = pydicom.dcmread(path, force=True)
        values = data_set.pixel_array.astype(float)
    except Exception:  # these files are there to try readers with
        return
    if data_set.get("SamplesPerPixel", 1) == 3:
        values = values.mean(axis=-1)
    values = values[len(values) // 2] if values.ndim == 3 else values
    if min(values.shape) < 32:
        return
    low, high = np.percentile(values, (1, 99))
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    yield (255 * (1 - grey if data_set.get("PhotometricInterpretation") == "MONOCHROME1" else grey)).astype(
        np.uint8
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--images", type=int, default=200)
    options = parser.parse_args()
    _, _, info = load_gated_model(options.run)
    spec, random = info.recipe.preprocess, np.random.default_rng(0)
    held = images_of(options.run, None, None, info)
    test = list(held.pixels(held.of("test", options.images)))
    smooth = [
        cv2.GaussianBlur(random.normal(size=(spec.size,) * 2), (0, 0), s) for s in np.linspace(2, 40, 20)
    ]
    kinds = changed(test, random) | {
        "natural images": natural(spec, random),
        "other body parts, other modalities": other_dicom(spec),
        "noise": list(random.integers(0, 256, (20, spec.size, spec.size), dtype=np.uint8)),
        "clouds": [cv2.normalize(c, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8) for c in smooth],
    }
    predictor = Predictor.load(options.run, aim="throughput")

    def ood_score(images: Images) -> NDArray[np.float64]:
        seen = [(np.ascontiguousarray(p), reading_of(Radiograph(p), spec).appearance) for p in images]
        readings = [Reading(packed, appearance, None) for packed, appearance in seen]
        return np.array([one.quality.ood_score for one in predictor.score(readings)])

    assert info.gate is not None, "this model has no gate"
    ordinary, threshold = ood_score(test), info.gate.threshold
    rows = {name: ood_score(images) for name, images in kinds.items()}

    def area(strange: NDArray[np.float64]) -> float:
        truth = np.r_[np.zeros(len(ordinary)), np.ones(len(strange))]
        return float(roc_auc_score(truth, np.r_[ordinary, strange]))

    fitted, chosen = info.gate.fitted_on, info.gate.chosen_on
    print(f"Fitted on {fitted:,} training images, threshold on {chosen:,} of validation.\n")
    print("| kind | images | AUROC | flagged |\n|---|---:|---:|---:|")
    print(f"| test images | {len(test)} | | {(ordinary > threshold).mean():.1%} |")
    for name, strange in rows.items():
        print(f"| {name} | {len(strange)} | {area(strange):.3f} | {(strange > threshold).mean():.0%} |")
    every = np.concatenate(list(rows.values()))
    print(f"| all | {len(every)} | {area(every):.4f} | {(every > threshold).mean():.0%} |")


if __name__ == "__main__":
    main()
