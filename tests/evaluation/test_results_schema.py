"""The schema of `results.json` that the docs publish is that of the code."""

import json
from pathlib import Path

from cxrtune.evaluation.results import StoredResults

PUBLISHED = Path(__file__).parents[2] / "docs" / "results.schema.json"


def test_the_published_schema_is_current():
    current = json.dumps(StoredResults.model_json_schema(), indent=1) + "\n"
    assert PUBLISHED.read_text(encoding="utf-8") == current, (
        "results.json has changed: write docs/results.schema.json again, and a new number into SCHEMA"
    )
