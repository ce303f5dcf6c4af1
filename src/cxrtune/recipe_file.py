"""Recipes as YAML files: the package's own, a user's, and single keys changed on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from cxrtune.errors import RecipeError, UsageError
from cxrtune.recipe import Recipe, validate_recipe

_EXAMPLE = "Write it like the shipped recipes; see docs/recipes.md."


def shipped_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that the package carries."""
    return tuple(sorted(entry.name[:-5] for entry in _shipped().iterdir() if entry.name.endswith(".yaml")))


def load_recipe(source: str, overrides: Sequence[str] = ()) -> Recipe:
    """Load a recipe and apply overrides.

    Args:
        source: The name of a shipped recipe, such as `reference`, or the path of a YAML file.
        overrides: `dotted.key=value`, the value in YAML, such as `training.epochs=3`.

    Raises:
        RecipeError: A key is unknown or its value is wrong.
        UsageError: There is no such recipe, it is no YAML, or an override is no `key=value`.
    """
    path = Path(source)
    if source in shipped_recipes():
        text, where = _shipped().joinpath(f"{source}.yaml").read_text(encoding="utf-8"), f"recipe {source}"
    elif path.is_file():
        text, where = _read(path), source
    else:
        raise UsageError(
            f"there is no recipe '{source}'",
            remedy=f"Give the path of a YAML file, or one of: {', '.join(shipped_recipes())}.",
        )
    content = _parse(text, where)
    for override in overrides:
        _apply(content, override)
    return validate_recipe(content, where)


class _StrictLoader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error: of two values one would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return str(error).splitlines()[0]


def _shipped() -> Any:
    return files("cxrtune").joinpath("recipes")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError("is no readable text file", path=path, remedy=_EXAMPLE) from error


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        content = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        raise UsageError(
            f"cannot be read as YAML: {_yaml_problem(error)}", path=where, remedy=_EXAMPLE
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UsageError("is no recipe: a recipe is a mapping of keys to values", path=where, remedy=_EXAMPLE)
    return content


def _apply(content: dict[str, Any], override: str) -> None:
    key, separator, value = override.partition("=")
    if not separator or not key:
        raise UsageError(f"'{override}' is no key=value", remedy="Write it like: --set training.epochs=3")
    *parents, last = key.split(".")
    for depth, parent in enumerate(parents, start=1):
        inner: Any = content.setdefault(parent, {})
        if not isinstance(inner, dict):
            holder = ".".join(parents[:depth])
            raise RecipeError(
                f"key '{holder}' holds no other keys",
                key=key,
                path="--set",
                remedy=f"Write it like: --set {holder}=VALUE",
            )
        content = inner
    try:
        content[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(
            f"'{override}' is no key=value: {_yaml_problem(error)}",
            remedy="Put quotes around a text with special characters: --set 'name=\"a: b\"'",
        ) from error
