"""The references of the methods section, and their citation in sentences.

A sentence cites a reference as `[@key]`. In the methods a key becomes a number, in the order of the first
citation; in a checklist it becomes the authors and year.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

_CITED = re.compile(r" ?\[(@[a-z0-9]+(?:; @[a-z0-9]+)*)\]")


@dataclass(frozen=True)
class Reference:
    """One reference: `short` for use in a text, `full` for the list; `doi` may be empty."""

    short: str
    full: str
    doi: str = ""

    @property
    def line(self) -> str:
        """The reference as shown in the list."""
        return f"{self.full} doi:{self.doi}" if self.doi else self.full


def named(text: str) -> str:
    """Replace each citation by authors and year: ` (Wang et al. 2017)`."""
    return _CITED.sub(lambda found: f" ({'; '.join(REFERENCES[key].short for key in _keys(found))})", text)


class Numbering:
    """Numbers references in the order in which texts cite them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbered(self, text: str) -> str:
        """Replace each citation by its numbers: ` [1, 2]`."""
        return _CITED.sub(lambda found: f" [{', '.join(map(str, self._of(_keys(found))))}]", text)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The cited references, by number."""
        return tuple(REFERENCES[key] for key in self._numbers)

    def _of(self, keys: list[str]) -> list[int]:
        return [self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys]


def _keys(found: re.Match[str]) -> list[str]:
    return [key.removeprefix("@") for key in found.group(1).split("; ")]


REFERENCES = {
    key: Reference(**fields)
    for key, fields in tomllib.loads(
        files("cxrtune.report.paper").joinpath("references.toml").read_text(encoding="utf-8")
    ).items()
}
