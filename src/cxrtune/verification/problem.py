"""One thing that is wrong with a data folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxrtune.verification.kinds import Kind

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, and the way out of it.

    Attributes:
        kind: Which check found it.
        severity: `error`: a stage would refuse, or learn from wrong data; `warning`: worth a look.
        file: The file or folder, relative to the data folder where it lies in it.
        what: What was found, and what was expected.
        remedy: What to do.
    """

    kind: Kind
    severity: Severity
    file: str
    what: str
    remedy: str
