"""The OpenAPI document says what the service does, with examples that are true to it."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from cxrtune.serving.web import schema
from cxrtune.serving.web.refusals import REASONS


@pytest.fixture(scope="module")
def document(service):
    return service.get("/openapi.json").json()


def operations(document):
    return [
        (path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()
    ]


def test_every_route_is_there_and_explained(document):
    assert {path for path, _, _ in operations(document)} == {
        "/v1/predictions",
        "/v1/heatmaps",
        "/v1/model",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for path, _, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path


def test_every_reason_stands_at_its_status_with_an_example(document):
    seen = set()
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            examples = answer.get("content", {}).get("application/json", {}).get("examples", {})
            for reason, example in examples.items():
                assert REASONS[reason].status == int(status), path
                assert schema.ErrorAnswer.model_validate(example["value"]).error.reason == reason
                seen.add(reason)
            if status == "503":
                assert "Retry-After" in answer["headers"]
    assert seen | {"not_found"} == set(REASONS)


def test_bodies_are_forms_or_images(document):
    for path in ("/v1/predictions", "/v1/heatmaps"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert set(content) == {
            "multipart/form-data",
            "image/png",
            "image/jpeg",
            "image/tiff",
            "application/dicom",
        }
        assert "files" in content["multipart/form-data"]["schema"]["properties"]


def models():
    found = [one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    return [one for one in found if one.__module__ == schema.__name__ and not one.__name__.startswith("_")]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_examples_are_values_of_their_fields(model):
    assert model.__doc__
    for name, field in model.model_fields.items():
        for example in field.examples or ():
            model.__pydantic_validator__.validate_assignment(model.model_construct(), name, example)


def test_docs_name_every_reason():
    text = (Path(__file__).parents[3] / "docs" / "service.md").read_text()
    for reason, kind in REASONS.items():
        assert f"| {kind.status} | `{reason}` |" in text
