"""The house's own rules, as far as a program can look after them; `make house` prints the rest."""

import importlib.util
import re

import typer

from cxrtune.cli.main import app
from cxrtune.cli.option_texts import OptionTexts
from cxrtune.shown import marks_in, settings_in
from house import LARGEST, SOURCES, House
from house_image import IMAGE, drawn

DESIGN = SOURCES.parent / "docs/design.md"

# What stands in back quotes in a text and is neither a setting nor a stage.
CODE = {"ray start --head", "if __name__ == '__main__':"}


def test_a_class_name_means_one_thing():
    assert House().shared_names() == {}, "name these after what sets them apart"


def test_no_module_is_larger_than_a_person_reads_at_once():
    assert {module.name: module.lines for module in House().modules if module.lines > LARGEST} == {}


def test_only_the_command_line_names_an_option():
    assert House().option_lines() == [], "name the setting in back quotes: see cxrtune.shown"


def test_only_the_command_line_names_a_command():
    commands = "|".join(typer.main.get_command(app).commands)
    command = re.compile(rf"\bcxrtune (?:{commands})\b")
    named = {module.name: command.findall(module.text) for module in House().library()}
    assert {name: found for name, found in named.items() if found} == {}


def test_the_command_line_has_an_option_for_every_setting_of_a_text():
    worded = OptionTexts(typer.main.get_command(app))
    marks = {
        mark: f"{module.name}:{line}"
        for module in House().library()
        # There the texts describe the HTTP interface, which has names of its own.
        if not module.name.startswith("serving/web/")
        for line, text in module.told()
        for mark in marks_in(text)
        # Which setting `column_VALUE` is depends on what is told.
        if (mark.startswith("cxrtune.") or settings_in(f"`{mark}`"))
        and mark not in CODE
        and "_VALUE" not in mark
    }
    assert len(marks) > 40
    assert {mark: place for mark, place in marks.items() if worded.written(mark) is None} == {}
    stages = {mark.split()[0] for mark in marks if mark.startswith("cxrtune.")}
    assert {stage for stage in stages if importlib.util.find_spec(stage) is None} == set()


def test_the_design_names_modules_that_are_there():
    named = set(re.findall(r"`([a-z_0-9/]+\.py)`", DESIGN.read_text(encoding="utf-8")))
    modules = [f"/{module.name}.py" for module in House().modules]
    assert {name for name in named if not any(path.endswith(f"/{name}") for path in modules)} == set()


def test_the_image_of_the_layers_is_drawn_from_todays_imports():
    assert IMAGE.read_text(encoding="utf-8") == drawn(House()), "draw it again with: make house"
