"""The pages of the site that are made from the code."""

import sys
from pathlib import Path

import pytest
import typer

import cxrtune
from cxrtune.cli.main import app
from cxrtune.evaluation.results import StoredResults
from cxrtune.recipe import Recipe

pytest.importorskip("mkdocs")
sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "generate"))

import api_page
import command_page
import hooks
import recipe_page
import results_page


def commands(group, *path):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


def test_every_command_and_option_is_described():
    page = command_page.page()
    found = list(commands(typer.main.get_command(app)))
    assert len(found) > 18
    for name, command in found:
        _, _, section = page.partition(f"# cxrtune {name}\n")
        section = section.split("\n## ")[0].split("\n### ")[0]
        assert section.strip(), name
        for option in command.params:
            if option.param_type_name == "option" and option.name != "help":
                assert f"`{option.opts[0]}" in section, f"{name} {option.opts[0]}"


def keys_of(model, prefix=""):
    for name, field in model.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from keys_of(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_recipe_key_has_its_values_and_its_meaning():
    rows = {
        cells[1].strip().strip("`"): [cell.strip() for cell in cells]
        for line in recipe_page.page().splitlines()
        if line.startswith("| `") and (cells := line.split(" | ")) and (cells := ["", *line[2:].split(" | ")])
    }
    assert set(rows) == set(keys_of(Recipe))
    assert [key for key, cells in rows.items() if not cells[2] or not cells[4].strip(" |")] == []


def test_every_key_of_the_results_is_listed():
    page = results_page.page()
    for name in StoredResults.model_fields:
        assert f"| `{name}` |" in page
    assert "object: string → [FindingResult](#findingresult)" in page


def test_every_public_name_is_in_the_reference():
    page = api_page.page()
    for name in cxrtune.__all__:
        if not name.startswith("__"):
            assert f"::: cxrtune.{name}\n" in page


def test_links_to_files_outside_docs_lead_to_their_copies(tmp_path):
    docs = hooks.ROOT / "docs"
    text = (
        "[a](../benchmarks/README.md#x) [b](recipes.md) [c](../src/cxrtune/recipe.py) [d](https://e.org/f.md)"
    )
    assert hooks._relinked(text, docs, Path()) == (
        "[a](benchmarks.md#x) [b](recipes.md) c [d](https://e.org/f.md)"
    )
    readme = hooks.relinked(hooks.ROOT / "README.md")
    assert "docs/" not in "".join(part.split(")")[0] for part in readme.split("](")[1:])
