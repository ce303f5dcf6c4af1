"""The loop that this field's notebooks have, for comparison: nothing of it is cxrtune's.

    python benchmarks/usual_loop.py COHORT IMAGES --epochs 20 --seed 0 --weights FILE

Every epoch decodes every PNG of 1024 px in colour, transforms it, and runs the whole network: DenseNet-121
frozen up to and including dense block 3, Adam on the rest, batches of 16, one loader process. Prints JSON:
seconds and validation AUROC of each epoch.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.models import densenet121
from torchvision.transforms import v2

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FINISH = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
TRAINING = v2.Compose(
    [
        v2.ToImage(),
        v2.Resize((224, 224), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomAffine(5, translate=(0.02, 0.02), scale=(0.95, 1.05), shear=5),
        *FINISH,
    ]
)
PLAIN = v2.Compose([v2.ToImage(), v2.Resize((224, 224), antialias=True), *FINISH])


class Radiographs(Dataset):
    """Images and labels of one split."""

    def __init__(
        self, table: pd.DataFrame, images: Path, findings: list[str], transform: v2.Transform
    ) -> None:
        self.paths = [images / name for name in table["image"]]
        self.labels = table[findings].to_numpy(np.float32)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        image = cv2.cvtColor(cv2.imread(str(self.paths[index])), cv2.COLOR_BGR2RGB)
        return self.transform(image), torch.from_numpy(self.labels[index])


def network(findings: int, weights: Path | None) -> nn.Module:
    model = densenet121(weights=None)
    if weights is not None:
        model.load_state_dict(torch.load(weights, weights_only=True))
    model.classifier = nn.Linear(1024, findings)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(("features.denseblock4", "features.norm5", "classifier"))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    table = pd.read_parquet(options.cohort)
    findings = list(table.columns[7:])
    parts = {split: table[table["split"] == split] for split in ("train", "validation")}
    train = DataLoader(
        Radiographs(parts["train"], options.images, findings, TRAINING),
        batch_size=16,
        shuffle=True,
        num_workers=1,
    )
    validation = DataLoader(
        Radiographs(parts["validation"], options.images, findings, PLAIN), batch_size=16, num_workers=1
    )
    model = network(len(findings), options.weights)
    positives = parts["train"][findings].to_numpy(np.float32).sum(axis=0)
    loss_of = nn.BCEWithLogitsLoss(pos_weight=torch.from_numpy((len(parts["train"]) - positives) / positives))
    optimizer = torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=1e-4
    )
    epochs = []
    for _ in range(options.epochs):
        started = time.perf_counter()
        model.train()
        for images, labels in train:
            optimizer.zero_grad()
            loss_of(model(images), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            scores = torch.cat([model(images) for images, _ in validation]).numpy()
        auroc = roc_auc_score(parts["validation"][findings].to_numpy(int), scores, average="macro")
        epochs.append({"seconds": time.perf_counter() - started, "val_auroc": float(auroc)})
    print(json.dumps(epochs))


if __name__ == "__main__":
    main()
