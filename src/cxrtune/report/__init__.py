"""Figures and a self-contained HTML page from finished results.

This package only reads files that earlier stages wrote; it does not train, predict or estimate anything.
"""

from __future__ import annotations

from cxrtune.report.figures.roc import write_roc_figures
from cxrtune.report.figures.training import write_training_figure
from cxrtune.report.page import DEFAULT_TITLE, write_report

__all__ = ["DEFAULT_TITLE", "write_report", "write_roc_figures", "write_training_figure"]
