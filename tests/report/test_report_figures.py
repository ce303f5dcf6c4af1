"""The figures as files: there, deterministic, and true to the numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from cxrtune.errors import DataError
from cxrtune.evaluation.curve_files import Curve
from cxrtune.report import write_roc_figures, write_training_figure
from cxrtune.report.figures.roc import roc_stems, thinned
from cxrtune.report.figures.training import read_history

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def drawn(make_example: Callable[..., Any]) -> tuple[Any, list[Path]]:
    example = make_example(models=("fine-tuned", "xrv:densenet121-res224-nih"), missing=())
    return example, write_roc_figures(example.evaluation)


def test_each_model_has_its_roc_figure_twice(drawn: tuple[Any, list[Path]]) -> None:
    example, paths = drawn
    stems = ("roc-fine-tuned", "roc-xrv-densenet121-res224-nih")
    assert paths == [example.evaluation / f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")]
    assert paths[1].read_bytes().startswith(PNG_SIGNATURE)
    assert not list(example.evaluation.glob("*.partial"))


def test_the_legend_ranks_the_findings_and_the_footnote_counts(drawn: tuple[Any, list[Path]]) -> None:
    example, paths = drawn
    texts = _texts(paths[0])
    areas = [float(text[-6:-1]) for text in texts if "(AUROC" in text]
    assert len(areas) == 7
    assert areas == sorted(areas, reverse=True)
    assert "Not drawn: Infiltration, 0 positives (1,612 negatives)." in texts
    macro = example.results.models[0].macro_auroc
    assert f"Macro AUROC {macro:.3f} over 7 findings, 1,612 images of the test part" in texts


def test_figures_are_the_same_bytes_whatever_the_users_settings(drawn: tuple[Any, list[Path]]) -> None:
    example, paths = drawn
    before = [path.read_bytes() for path in paths]
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "svg.fonttype": "path"}):
        write_roc_figures(example.evaluation)
        assert mpl.rcParams["font.size"] == 20
    assert [path.read_bytes() for path in paths] == before


def test_the_training_figure_marks_the_best_epoch(drawn: tuple[Any, list[Path]]) -> None:
    example, _ = drawn
    svg, png = write_training_figure(example.run)
    assert (svg, png) == (example.run / "training.svg", example.run / "training.png")
    assert "12 epochs; the weights of epoch 9 were kept (marked)" in _texts(svg)
    first = svg.read_bytes()
    write_training_figure(example.run)
    assert svg.read_bytes() == first


def test_one_epoch_with_gaps_and_without_provenance_is_drawn(tmp_path: Path) -> None:
    header = "epoch,train_loss,val_loss,val_auroc,learning_rate,seconds"
    (tmp_path / "metrics.csv").write_text(f"{header}\n1,0.7,0.6,,0.0,\n", encoding="utf-8")
    history = read_history(tmp_path)
    assert history.best is None
    assert history.epochs[0].val_auroc is None
    assert "1 epoch" in _texts(write_training_figure(tmp_path)[0])


def test_a_run_without_metrics_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metrics\.csv: no such file"):
        write_training_figure(tmp_path)


def test_file_names_are_safe_and_different() -> None:
    stems = roc_stems(["a:b", "a-b", "../../etc/x", "fine-tuned"])
    assert stems["a:b"] == "roc-a-b"
    assert stems["fine-tuned"] == "roc-fine-tuned"
    assert len(set(stems.values())) == 4
    assert not any("/" in stem for stem in stems.values())


def test_a_thinned_curve_stays_where_it_was() -> None:
    rate = np.linspace(0, 1, 50_001)
    across, up = thinned(Curve(rate, np.sqrt(rate)))
    assert across.size < 2500
    assert (across[0], up[0], across[-1], up[-1]) == (0, 0, 1, 1)
    assert np.abs(np.interp(rate, across, up) - np.sqrt(rate)).max() < 1 / 300


def _texts(svg: Path) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.parse(svg).iter() if node.tag.endswith("}text")]
