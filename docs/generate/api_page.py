"""The reference of the Python API: a section per public name, from its docstring."""

from __future__ import annotations

import cxrtune

INTRODUCTION = """\
# Python API

`import cxrtune` gives the names on this page and no others; everything else may change in any release. A name
is imported when it is first used, so `import cxrtune` itself takes a fraction of a second.
"""


# In the order of use; names that are not listed follow.
ORDER = (
    "Cohort",
    "train",
    "Run",
    "Results",
    "load_results",
    "evaluate",
    "compare",
    "AurocComparison",
    "Predictor",
)


def page() -> str:
    """Return the page; mkdocstrings fills in the docstrings."""
    public = [name for name in cxrtune.__all__ if not name.startswith("__")]
    names = [*(name for name in ORDER if name in public), *(name for name in public if name not in ORDER)]
    return "\n".join([INTRODUCTION, *(f"::: cxrtune.{name}\n" for name in names)])
