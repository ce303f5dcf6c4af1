"""Recipes in YAML files: those of the package and of users, and overrides of single keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from cxrtune.errors import RecipeError, UsageError
from cxrtune.recipe import Recipe, validate_recipe
from cxrtune.shown import MOST, quoted
from cxrtune.text_file import Tell, untold
from cxrtune.yaml_file import parse_mapping, problem_of, read_text

_EXAMPLE = "Write it like the shipped recipes; see docs/recipes.md."


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes in the package."""
    return tuple(sorted(entry.name[:-5] for entry in _shipped().iterdir() if entry.name.endswith(".yaml")))


def load_recipe(
    source: str,
    overrides: Sequence[str] = (),
    tell: Tell = untold,
    *,
    changes: Mapping[str, Any] | None = None,
) -> Recipe:
    """Load a recipe and apply overrides.

    Args:
        source: The name of a shipped recipe, such as `reference`, or the path of a YAML file.
        overrides: `dotted.key=value`, the value in YAML, such as `training.epochs=3`.
        tell: Called with a message about what was guessed about the file's text.
        changes: Keys with Python values, such as `{"training": {"epochs": 3}}`; other keys of a part remain
            unchanged.

    Raises:
        RecipeError: A key is unknown or its value is wrong.
        UsageError: There is no such recipe, it is not valid YAML, or an override is not `key=value`.
    """
    path, guesses = Path(source), list[str]()
    if source in shipped_recipes():
        text, where = _shipped().joinpath(f"{source}.yaml").read_text(encoding="utf-8"), f"recipe {source}"
    elif path.is_file():
        text, where = read_text(path, _EXAMPLE, guesses.append), source
    else:
        raise UsageError(
            f"there is no recipe {quoted(source, MOST)}",
            remedy=f"Give the path of a YAML file, or one of: {', '.join(shipped_recipes())}.",
        )
    content = parse_mapping(text, where=where, what="recipe", remedy=_EXAMPLE)
    for override in overrides:
        _apply(content, override)
    content = _changed(content, changes or {})
    recipe = validate_recipe(content, where)
    for guess in guesses:
        tell(guess)
    return recipe


def _shipped() -> Any:
    return files("cxrtune").joinpath("recipes")


def _changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(content)
    for key, value in changes.items():
        inner = changed.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            changed[key] = _changed(inner, value)
        else:
            changed[key] = value
    return changed


def _apply(content: dict[str, Any], override: str) -> None:
    key, separator, value = override.partition("=")
    if not separator or not key:
        raise UsageError(f"{quoted(override)} is no key=value", remedy="Write it like: `training.epochs=3`")
    *parents, last = key.split(".")
    for depth, parent in enumerate(parents, start=1):
        inner: Any = content.setdefault(parent, {})
        if not isinstance(inner, dict):
            holder = ".".join(parents[:depth])
            raise RecipeError(
                f"`overrides`: key {quoted(holder)} holds no other keys",
                key=key,
                remedy=f"Write it like: `{holder}=VALUE`",
            )
        content = inner
    try:
        content[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(
            f"{quoted(override)} is no key=value: {problem_of(error)}",
            remedy="Put quotes around a text with special characters: `overrides` 'name=\"a: b\"'",
        ) from error
