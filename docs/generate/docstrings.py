"""What the docstrings of pydantic models say of their fields."""

from __future__ import annotations

import inspect
import re


def summary(model: type) -> str:
    """Return a docstring's text up to its sections, or nothing if it is inherited or absent."""
    text = inspect.cleandoc(model.__dict__.get("__doc__") or "")
    return re.split(r"^(?:Attributes|Args|Returns|Raises):$", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def fields(model: type) -> dict[str, str]:
    """Return what the section `Attributes` says of each field, in one line."""
    text = inspect.cleandoc(model.__dict__.get("__doc__") or "")
    _, _, section = text.partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        start = re.match(r" {4}(\w+): (.*)$", line)
        if start:
            name = start[1]
            found[name] = start[2].strip()
        elif line.startswith("     ") and name:
            found[name] += " " + line.strip()
        elif line.strip():
            break
    return found
