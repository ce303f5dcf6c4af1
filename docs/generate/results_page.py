"""The reference of `results.json`, from the models that it is written by."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from typing import Any

import docstrings
from pydantic import BaseModel

from cxrtune.evaluation.results import SCHEMA, StoredResults

INTRODUCTION = f"""\
# Results schema

Version `{SCHEMA}` of `results.json`. This page is generated from `src/cxrtune/evaluation/results/`;
[results.schema.json](../results.schema.json) is the same as a JSON schema. [Results](../results.md)
explains the keys.
"""


def page() -> str:
    """Return the page: a table per class, each after those that mention it."""
    return "\n".join(
        [INTRODUCTION, *(part for model in _models(StoredResults, []) for part in _section(model))]
    )


def _models(model: type[BaseModel], seen: list[type[BaseModel]]) -> list[type[BaseModel]]:
    if model not in seen:
        seen.append(model)
        for field in model.model_fields.values():
            for part in _inside(field.annotation):
                _models(part, seen)
    return seen


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _inside(part)


def _section(model: type[BaseModel]) -> Iterator[str]:
    meanings = docstrings.fields(model)
    yield f"## {model.__name__}\n"
    yield docstrings.summary(model) + "\n"
    yield "| key | type | meaning |\n|---|---|---|" if meanings else "| key | type |\n|---|---|"
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", _type(field.annotation)]
        if meanings:
            cells.append(meanings.get(name, "").replace("|", "\\|"))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _type(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is dict:
        return f"object: {_type(arguments[0])} → {_type(arguments[1])}"
    if origin in (list, tuple):
        return f"array of {_type(arguments[0])}"
    if arguments:  # a union
        return " or ".join(_type(one) for one in arguments)
    names = {str: "string", float: "number", int: "integer", bool: "boolean", type(None): "null"}
    return names.get(annotation) or re.sub(r"^.*\.", "", str(annotation))
