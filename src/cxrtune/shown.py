"""What messages show: a user's data, escaped and never more of it than a line can hold; and settings.

Settings are named in back quotes, so that whoever shows a text can put their own names for them. `out` is a
parameter, `bank.precision` a key of the recipe, `workers=1` one with a value, and
`cxrtune.experiment.pack cohort=FILE` a stage with a parameter. Somebody who calls cxrtune from Python reads
the text as it is; the command line writes options and commands, the web service its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MOST = 500
"""Characters of a message; the rest is cut off."""

_CELL = 80  # characters of one value
_NAMES = 12  # names of a list
_MARK = re.compile(r"`([^`\n]+)`")
_SETTING = re.compile(r"(?!cxrtune\.)([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?:=.*)?")


def shown(text: str) -> str:
    """Return a text fit to be printed and written: what is not UTF-8, or moves the cursor, is escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def is_utf8(name: str) -> bool:
    """Return whether a file's name is text: on Linux names are bytes, and some are no UTF-8."""
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def tell_not_utf8(names: Iterable[str], tell: Callable[[str], None]) -> None:
    """Say how many images cannot be used as their names are no UTF-8, with the first."""
    strange = [name for name in names if not is_utf8(name)]
    if strange:
        tell(
            f"{len(strange):,} images have names that are not UTF-8, {quoted(min(strange))} for one, and are"
            " not used; rename them (convmv does so for whole folders)"
        )


def fitted(text: str, most: int = MOST) -> str:
    """Return a text, cut to `most` characters if it is longer, with its length told."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def quoted(value: object, most: int = _CELL) -> str:
    """Return a value of a user's table or file in single quotes, escaped, at most `most` characters of it."""
    text = without_marks(str(value))
    if len(text) <= most:
        return f"'{shown(text)}'"
    return f"'{shown(text[:most])}...' ({len(text):,} characters)"


def short(name: object, most: int = 2 * _CELL) -> str:
    """Return the name of an image as it is, escaped, and its end only if it is long."""
    text = without_marks(str(name))
    return shown(text) if len(text) <= most else f"...{shown(text[-most:])}"


def listed(names: Iterable[object], most: int = _NAMES) -> str:
    """Return names separated by commas, escaped, at most `most` of them and 40 characters of each."""
    texts = [without_marks(str(name)) for name in names]
    each = [shown(text if len(text) <= _CELL // 2 else f"{text[: _CELL // 2]}...") for text in texts[:most]]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(each) + more


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


def _escaped(letter: str) -> str:
    # Python holds a byte that is not UTF-8 as a surrogate (PEP 383).
    is_byte = "\udc80" <= letter <= "\udcff"
    return f"\\x{ord(letter) - 0xDC00:02x}" if is_byte else ascii(letter)[1:-1]
