"""YAML text -> mapping, with duplicate keys refused, since one of their values would be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cxrtune.errors import DataError, UsageError
from cxrtune.shown import quoted
from cxrtune.text_file import Tell, read_utf8


def read_text(path: Path, remedy: str, tell: Tell) -> str:
    """Read a text file written by a user.

    Args:
        path: The file.
        remedy: What the user can do if the file is not text.
        tell: Called with a message about what was guessed.

    Raises:
        UsageError: The file cannot be read, or is not text.
    """
    try:
        content = read_utf8(path, remedy)
    except DataError as error:
        raise UsageError(error.message, path=path, remedy=remedy) from error
    if content.guess:
        tell(f"{path.name} {content.guess}")
    return content.text


def parse_mapping(
    text: str, *, where: Path | str, what: str, remedy: str, typed: bool = True
) -> dict[str, Any]:
    """Parse YAML text that must be a mapping; an empty text is an empty mapping.

    Args:
        text: The YAML.
        where: The name of the file, for errors.
        what: The kind of file, such as `recipe`.
        remedy: What the user can do about an error.
        typed: Whether to convert values to numbers and booleans as YAML specifies, or to keep all as texts.

    Raises:
        UsageError: The text is not valid YAML, or not a mapping.
    """
    try:
        content = yaml.load(text, Loader=_TypedLoader if typed else _TextLoader)
    except yaml.YAMLError as error:
        raise UsageError(f"cannot be read as YAML: {problem_of(error)}", path=where, remedy=remedy) from error
    if content in (None, ""):
        return {}
    if not isinstance(content, dict):
        raise UsageError(f"is no {what}: a {what} is a mapping of keys to values", path=where, remedy=remedy)
    return content


def problem_of(error: yaml.YAMLError) -> str:
    """Return a one-line description of what is wrong with a YAML text, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


class _KeysOnce:
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {quoted(key.value)} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[misc, no-any-return]


class _TypedLoader(_KeysOnce, yaml.SafeLoader):
    pass


class _TextLoader(_KeysOnce, yaml.BaseLoader):
    """Loads values such as 1, no and on as texts."""
