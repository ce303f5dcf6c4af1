"""Draw the images of the pages from the demo: `make images`, after `make demo`.

Only synthetic radiographs are shown. Needs Chromium.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from playwright.sync_api import Browser, sync_playwright

import cxrtune

OUT = Path(__file__).parents[1] / "images"
_SIDE, _EDGE, _LINE = 240, 8, 24
_GREEN = (90, 220, 90)


def main() -> None:
    """Draw all of them from the run folder that is named, by default the demo's."""
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    frame = cxrtune.Cohort.read(run / "cohort.parquet").frame
    test = frame[frame["split"] == "test"]
    images = run / "phantoms" / "images"
    findings = list(cxrtune.Run(run).findings)
    cv2.imwrite(str(OUT / "phantoms.png"), phantoms(frame, findings, images))
    cv2.imwrite(str(OUT / "heatmap.jpg"), heatmaps(run, images), [cv2.IMWRITE_JPEG_QUALITY, 88])
    several = test[test[findings].sum(axis=1) >= 2]["image"]
    predictor = cxrtune.Predictor.load(run)
    usual = (images / name for name in several if predictor.predict(images / name).quality.fit)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        report(browser, run / "report" / "index.html")
        web_page(browser, run, list(islice(usual, 3)))
        browser.close()


def phantoms(frame: pd.DataFrame, findings: list[str], images: Path) -> NDArray[np.uint8]:
    """Return two rows of images that each have just one of the findings, with its name."""
    tiles = []
    for finding in findings:
        alone = frame[(frame[finding] == 1) & (frame[findings].sum(axis=1) == 1)]
        tiles.append(_tile(_read(images / alone["image"].iloc[0]), finding.replace("_", " ")))
    half = (len(tiles) + 1) // 2
    return np.vstack([np.hstack(tiles[:half]), np.hstack(tiles[half:])])


def heatmaps(run: Path, images: Path) -> NDArray[np.uint8]:
    """Return two images, each beside its heatmap with the box in which the finding was drawn."""
    model, tiles = cxrtune.Run(run), []
    for finding in ("Mass", "Pneumothorax"):
        for name, box in _boxes(run / "phantoms" / "BBox_List_2017.csv", finding):
            if not (images / name).is_file() or not model.predict(images / name)[finding].positive:
                continue
            explained = model.explain(images / name, finding)
            row, column = np.unravel_index(explained.heatmap.argmax(), explained.heatmap.shape)
            x, y, width, height = (value * explained.pixels.shape[0] / 1024 for value in box)
            if not (x <= column <= x + width and y <= row <= y + height):
                continue
            seen = np.ascontiguousarray(explained.overlay[..., ::-1])
            cv2.rectangle(seen, (round(x), round(y)), (round(x + width), round(y + height)), _GREEN, 2)
            tiles += [_tile(_read(images / name), finding), _tile(seen, "heatmap and box")]
            break
    return np.hstack(tiles)


def report(browser: Browser, file: Path) -> None:
    """Draw the first screen of a report."""
    page = browser.new_page(viewport={"width": 1240, "height": 870})
    page.goto(file.resolve().as_uri())
    page.screenshot(path=OUT / "report.png")


def web_page(browser: Browser, run: Path, files: list[Path]) -> None:
    """Draw the service's page with the heatmap of the first finding."""
    with serving(run) as address:
        page = browser.new_page(viewport={"width": 1120, "height": 700})
        page.goto(address)
        page.set_input_files("#files", [str(file) for file in files])
        page.wait_for_selector("#list [data-finding]")
        page.wait_for_timeout(3000)
        page.click("#list [data-finding] >> nth=0")
        page.wait_for_timeout(1500)
        page.screenshot(path=OUT / "page.png")


@contextmanager
def serving(run: Path) -> Iterator[str]:
    """Run the service for the time of the block; gives its address."""
    command = [sys.executable, "-m", "cxrtune", "serve", str(run), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            found = None
            while found is None and process.stdout is not None and (line := process.stdout.readline()):
                found = re.search(r"http://\S+", line)
            if found is None:
                raise SystemExit("the service did not start")
            yield found[0]
        finally:
            process.terminate()


def _boxes(table: Path, finding: str) -> Iterator[tuple[str, list[float]]]:
    with table.open(encoding="utf-8", newline="") as stream:
        for row in list(csv.reader(stream))[1:]:
            if row[1] == finding:
                yield row[0], [float(value) for value in row[2:6]]


def _read(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)


def _tile(pixels: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    tile = np.full((_SIDE + _EDGE + _LINE, _SIDE + _EDGE, 3), 16, np.uint8)
    tile[_EDGE // 2 : _EDGE // 2 + _SIDE, _EDGE // 2 : _EDGE // 2 + _SIDE] = cv2.resize(
        pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA
    )
    place = (_EDGE, _SIDE + _LINE - 2)
    cv2.putText(tile, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (225, 225, 225), 1, cv2.LINE_AA)
    return tile


if __name__ == "__main__":
    main()
