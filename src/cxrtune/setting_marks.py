"""Settings in texts: named in back quotes, so that whoever shows a text can put their own names for them.

`out` is a parameter, `bank.precision` a key of the recipe, `workers=1` one with a value, and
`cxrtune.experiment.pack cohort=FILE` a stage with a parameter. Somebody who calls cxrtune from Python reads
the text as it is; the command line writes options and commands, the web service its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_MARK = re.compile(r"`([^`\n]+)`")
_SETTING = re.compile(r"(?!cxrtune\.)([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?:=.*)?")


def marks_in(text: str) -> list[str]:
    """Return what stands in back quotes in a text, in order."""
    return _MARK.findall(text)


def settings_in(text: str) -> tuple[str, ...]:
    """Return the names of the settings that a text speaks of, each once."""
    words = [word for mark in marks_in(text) for word in mark.split()]
    found = [match[1] for word in words if (match := _SETTING.fullmatch(word))]
    return tuple(dict.fromkeys(found))


def with_names(text: str, name_of: Callable[[str], str | None]) -> str:
    """Return a text with other names for its settings.

    Args:
        text: The text.
        name_of: Returns what stands in the place of a mark, given what is between its back quotes; None
            leaves the mark as it is.
    """

    def named(mark: re.Match[str]) -> str:
        name = name_of(mark[1])
        return mark[0] if name is None else name

    return _MARK.sub(named, text)


def without_marks(value: str) -> str:
    """Return a user's name or value with its back quotes escaped: nothing in it passes for a setting."""
    return value.replace("`", "\\x60")
