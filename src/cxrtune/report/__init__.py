"""Figures from finished numbers, and one self-contained page that shows them.

Everything here reads files that earlier stages wrote; nothing is trained, predicted or estimated.
"""

from __future__ import annotations

from cxrtune.report.figures.roc import write_roc_figures
from cxrtune.report.figures.training import write_training_figure
from cxrtune.report.page import DEFAULT_TITLE, write_report

__all__ = ["DEFAULT_TITLE", "write_report", "write_roc_figures", "write_training_figure"]
