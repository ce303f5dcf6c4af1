"""Texts in messages: user data, escaped and truncated to fit in a line, and names of settings.

Settings are in back quotes, so that each user interface can replace them by its own names. `out` is a
parameter, `bank.precision` a key of the recipe, `workers=1` a parameter with its value, and
`cxrtune.experiment.pack cohort=FILE` a stage with a parameter. Callers from Python see the text unchanged;
the command line shows options and commands instead, the web service its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MOST = 500
"""Maximum characters of a message; the rest is truncated."""

_CELL = 80  # maximum characters of one value
_NAMES = 12  # maximum names of a list
_MARK = re.compile(r"`([^`\n]+)`")
_SETTING = re.compile(r"(?!cxrtune\.)([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?:=.*)?")


def shown(text: str) -> str:
    """Return a text that is safe to print and write: what is not UTF-8, or moves the cursor, is escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def is_utf8(name: str) -> bool:
    """Return whether the name of a file is valid UTF-8: on Linux, names are arbitrary bytes."""
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def tell_not_utf8(names: Iterable[str], tell: Callable[[str], None]) -> None:
    """Report how many images cannot be used because their names are not UTF-8, and the first of them."""
    strange = [name for name in names if not is_utf8(name)]
    if strange:
        tell(
            f"{len(strange):,} images have names that are not UTF-8, {quoted(min(strange))} for one, and are"
            " not used; rename them (convmv does so for whole folders)"
        )


def fitted(text: str, most: int = MOST) -> str:
    """Return a text, truncated to `most` characters with a note of its length if it is longer."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def quoted(value: object, most: int = _CELL) -> str:
    """Return a value of a user's table or file in single quotes, escaped and cut to `most` characters."""
    text = without_marks(str(value))
    if len(text) <= most:
        return f"'{shown(text)}'"
    return f"'{shown(text[:most])}...' ({len(text):,} characters)"


def short(name: object, most: int = 2 * _CELL) -> str:
    """Return the name of an image, escaped, or only its end if it is long."""
    text = without_marks(str(name))
    return shown(text) if len(text) <= most else f"...{shown(text[-most:])}"


def listed(names: Iterable[object], most: int = _NAMES) -> str:
    """Return at most `most` names separated by commas, escaped, with at most 40 characters of each."""
    texts = [without_marks(str(name)) for name in names]
    each = [shown(text if len(text) <= _CELL // 2 else f"{text[: _CELL // 2]}...") for text in texts[:most]]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(each) + more


def marks_in(text: str) -> list[str]:
    """Return the parts of a text in back quotes, in order."""
    return _MARK.findall(text)


def settings_in(text: str) -> tuple[str, ...]:
    """Return the names of the settings in a text, without duplicates."""
    words = [word for mark in marks_in(text) for word in mark.split()]
    found = [match[1] for word in words if (match := _SETTING.fullmatch(word))]
    return tuple(dict.fromkeys(found))


def with_names(text: str, name_of: Callable[[str], str | None]) -> str:
    """Return a text with its settings renamed.

    Args:
        text: The text.
        name_of: Returns the replacement of a mark, given the text between its back quotes; None keeps the
            mark.
    """

    def named(mark: re.Match[str]) -> str:
        name = name_of(mark[1])
        return mark[0] if name is None else name

    return _MARK.sub(named, text)


def without_marks(value: str) -> str:
    """Return a user's name or value with back quotes escaped, so that nothing in it is read as a setting."""
    return value.replace("`", "\\x60")


def _escaped(letter: str) -> str:
    # Python represents a byte that is not UTF-8 as a surrogate (PEP 383).
    is_byte = "\udc80" <= letter <= "\udcff"
    return f"\\x{ord(letter) - 0xDC00:02x}" if is_byte else ascii(letter)[1:-1]
