"""The reference of recipes, from the models that read them."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

import docstrings
from pydantic import BaseModel

from cxrtune.recipe import Recipe

INTRODUCTION = """\
# Recipe keys

This page is generated from `src/cxrtune/recipe.py`. [Choose and change a recipe](../recipes.md) says how
recipes are used. The default of a key is the value of the recipe `reference`.
"""


def page() -> str:
    """Return the page: a table per part of a recipe."""
    return "\n".join([INTRODUCTION, *_section(Recipe, "")])


def _section(model: type[BaseModel], prefix: str) -> Iterator[str]:
    meanings = docstrings.fields(model)
    parts: list[tuple[str, type[BaseModel]]] = []
    yield f"## {f'`{prefix}`' if prefix else 'Top level'}\n"
    yield docstrings.summary(model) + "\n"
    yield "| key | value | default | meaning |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            parts.append((key, field.annotation))
            continue
        allowed = _allowed(field.annotation, field.metadata)
        default = _shown(field.default)
        yield f"| `{key}` | {allowed} | {default} | {meanings.get(name, '').replace('|', chr(92) + '|')} |"
    yield ""
    for key, part in parts:
        yield from _section(part, key)


def _allowed(annotation: Any, metadata: list[Any]) -> str:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if origin is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        return _allowed(inner, _flat(more))
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return f"{' or '.join(_allowed(kind, metadata) for kind in kinds)}, or empty"
    if origin is tuple:
        items = [item for item in typing.get_args(annotation) if item is not Ellipsis]
        return f"list of {_allowed(items[0], [])}" if len(set(map(str, items))) == 1 else "list"
    name = {int: "integer", float: "number", str: "text", bool: "`true`, `false`"}.get(
        annotation, str(annotation)
    )
    return name + "".join(_limit(one) for one in _flat(metadata))


def _flat(metadata: list[Any]) -> list[Any]:
    return [one for item in metadata for one in (getattr(item, "metadata", None) or [item])]


def _limit(one: Any) -> str:
    for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        value = getattr(one, attribute, None)
        if value is not None:
            return f", {sign} {value:,}"
    step = getattr(one, "multiple_of", None)
    return f", a multiple of {step}" if step is not None else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
