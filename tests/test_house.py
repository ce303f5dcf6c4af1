"""The house's own rules, as far as a program can look after them."""

import ast
from collections import defaultdict
from pathlib import Path

import cxrtune

SOURCES = Path(cxrtune.__file__).parent

# Names that still mean two things or more, each with the number of its classes. The list only ever shrinks.
SHARED_NAMES = {
    "Group": 2,
    "Listing": 2,
    "Picture": 2,
    "Plan": 2,
    "Shift": 2,
    "Split": 2,
    "TorchEngine": 2,
}


def classes_by_name() -> dict[str, list[str]]:
    """Where the classes of each name are defined, in whatever they are defined."""
    found = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(f"{path.relative_to(SOURCES).as_posix()}:{node.lineno}")
    return found


def test_a_class_name_means_one_thing():
    shared = {name: places for name, places in classes_by_name().items() if len(places) > 1}
    new = {name: places for name, places in shared.items() if len(places) > SHARED_NAMES.get(name, 1)}
    assert not new, "name these after what sets them apart"
    gone = {name for name, count in SHARED_NAMES.items() if len(shared.get(name, [])) < count}
    assert not gone, "these are fewer now: shorten SHARED_NAMES"
