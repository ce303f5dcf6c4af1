"""The house's own rules, as far as a program can look after them; `make house` prints the rest."""

from house import LARGEST, House

# Names that still mean two things or more, each with the number of its classes. The list only ever shrinks.
SHARED_NAMES = {
    "Group": 2,
    "Plan": 2,
    "Shift": 2,
    "TorchEngine": 2,
}


def test_a_class_name_means_one_thing():
    shared = House().shared_names()
    new = {name: places for name, places in shared.items() if len(places) > SHARED_NAMES.get(name, 1)}
    assert not new, "name these after what sets them apart"
    gone = {name for name, count in SHARED_NAMES.items() if len(shared.get(name, [])) < count}
    assert not gone, "these are fewer now: shorten SHARED_NAMES"


def test_no_module_is_larger_than_a_person_reads_at_once():
    assert {module.name: module.lines for module in House().modules if module.lines > LARGEST} == {}
