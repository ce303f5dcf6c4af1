"""Which way of making heatmaps finds the boxes best: methods and input sizes, on phantoms.

    python benchmarks/evidence.py RUN [RUN ...] --data PHANTOMS [--split validation]

Each RUN was trained on the phantoms in PHANTOMS (such as one by average and one by log-sum-exp pooling). Real
boxes are not looked at: the choice must not be made on the images that the report is about.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cxrtune.cohort.boxes import read_boxes
from cxrtune.cohort.table import read_cohort
from cxrtune.evaluation.localization.localize import localize
from cxrtune.evaluation.results import LocalizationValues
from cxrtune.heatmaps import Heatmaps
from cxrtune.images.decode import read_radiograph
from cxrtune.images.preprocess import to_packed
from cxrtune.models.checkpoint import load_model
from cxrtune.models.heads import Head, LogSumExpPooling, evidence_maps

SIZES = (224, 320, 448)


def hires(maps: Tensor, head: Head) -> Tensor:
    """HiResCAM: every place weighted by its own gradient."""
    if not isinstance(head.pooling, LogSumExpPooling):
        return evidence_maps(maps, head)
    share = (head.pooling.sharpness * maps).flatten(2).softmax(dim=2).view_as(maps)
    return torch.einsum("fc,nchw->nfhw", head.linear.weight, maps * share)


METHODS: dict[str, Callable[[Tensor, Head], Tensor]] = {"Grad-CAM (kept)": evidence_maps, "HiResCAM": hires}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="validation")
    options = parser.parse_args()
    boxes = read_boxes(options.data / "BBox_List_2017.csv")
    print("| head | input | method | pointing | IoU >= 0.1 | IoU >= 0.3 | mean IoU |")
    print("|---|---:|---|---:|---:|---:|---:|")
    for run in options.runs:
        network, info = load_model(run)
        cohort = read_cohort(run / "cohort.parquet")
        boxed = set(boxes.images)
        rows = np.array([row for row in cohort.rows(options.split) if cohort.images[row] in boxed])
        for size in SIZES:
            spec = info.recipe.preprocess.model_copy(update={"size": size})
            for mirrored in (False, True):
                sums: dict[str, list[Tensor]] = {name: [] for name in METHODS}
                for row in rows:
                    image = to_packed(read_radiograph(options.data / "images" / cohort.images[row]), spec)
                    pixels = torch.from_numpy(image)[None]
                    with torch.inference_mode():
                        views = [_maps(network, pixels)]
                        if mirrored:
                            views.append(_maps(network, pixels.flip(-1)).flip(-1))
                        for name, method in METHODS.items():
                            sums[name].append(sum(method(v, network.tail.head) for v in views)[0])
                for name, maps in sums.items():
                    held = Heatmaps(
                        cohort.images[rows], info.findings, torch.stack(maps).numpy(), run.name, name
                    )
                    found = localize(run.name, held, boxes, cohort, rows, replicates=100, seed=0)
                    assert found is not None
                    seen = f"{size}{', with mirror image' if mirrored else ''}"
                    print(f"| {info.recipe.head.pooling} | {seen} | {name} | {_row(found.macro.values)} |")
                    control = found.macro.controls["lung"]
        print(f"| | | centre of a lung | {_row(control)} |")


def _row(values: LocalizationValues) -> str:
    shares = (values.pointing, values.iou["0.1"], values.iou["0.3"], values.mean_iou)
    return " | ".join(f"{share:.3f}" for share in shares)


def _maps(network: torch.nn.Module, pixels: Tensor) -> Tensor:
    tail = network.tail
    return torch.relu(tail.norm5(tail.denseblock4(network.features(pixels))))


if __name__ == "__main__":
    main()
