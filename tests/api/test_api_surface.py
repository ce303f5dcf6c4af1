"""What is public: the names, their signatures, their docstrings, and that importing them costs nothing."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cxrtune as cx
from heavy import HEAVY

SNAPSHOT = Path(__file__).parent / "signatures.txt"
CALLED = [name for name in cx.__all__ if name not in ("__version__", "errors")]


def members(kind: type):
    """The public methods and properties of a class, its own and its constructor."""
    for name, member in sorted(vars(kind).items()):
        if name == "__init__" or not name.startswith("_"):
            yield name, member


def signatures() -> str:
    lines = []
    for name in CALLED:
        found = getattr(cx, name)
        if not inspect.isclass(found):
            lines.append(f"{name}{inspect.signature(found)}")
            continue
        lines.append(f"class {name}")
        for member, value in members(found):
            plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if inspect.isfunction(plain):
                lines.append(f"    {member}{inspect.signature(plain)}")
            else:
                lines.append(f"    {member}")
    return "\n".join(lines) + "\n"


def test_the_public_signatures_are_those_that_were_agreed_on():
    """CXRTUNE_SIGNATURES=write writes them anew, after a change that is meant."""
    if os.environ.get("CXRTUNE_SIGNATURES") == "write":
        SNAPSHOT.write_text(signatures(), encoding="utf-8")
    assert signatures() == SNAPSHOT.read_text(encoding="utf-8")


def documented():
    for name in CALLED:
        found = getattr(cx, name)
        yield name, found
        if inspect.isclass(found):
            for member, value in members(found):
                plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
                if isinstance(plain, property):
                    yield f"{name}.{member}", plain.fget
                elif inspect.isfunction(plain) and not (member == "__init__" and is_generated(found)):
                    yield f"{name}.{member}", plain


def is_generated(kind: type) -> bool:
    return hasattr(kind, "__dataclass_fields__")


@pytest.mark.parametrize(("name", "found"), [pytest.param(*one, id=one[0]) for one in documented()])
def test_every_public_name_is_documented_with_its_arguments(name, found):
    text = inspect.getdoc(found)
    assert text, f"{name} has no docstring"
    if inspect.isclass(found):
        return
    arguments = [
        parameter for parameter in inspect.signature(found).parameters if parameter not in ("self", "cls")
    ]
    section = text.partition("Args:")[2].partition("\n\n")[0]
    for argument in arguments:
        assert re.search(rf"^\s+{argument}: \S", section, re.MULTILINE), f"{name} does not explain {argument}"
    returned = inspect.signature(found).return_annotation
    is_call = "Args:" in text and not name.endswith("__init__")
    if is_call and str(returned) not in ("None", "<class 'inspect._empty'>"):
        said = re.search(r"^(Returns|Yields):$", text, re.MULTILINE)
        assert said, f"{name} does not say what it returns"


RAISES_NOTHING = {"Explanation.plot", "Predictor.reader", "Predictor.score", "Predictor.score_in_turn"}


@pytest.mark.parametrize(("name", "found"), [pytest.param(*one, id=one[0]) for one in documented()])
def test_every_call_says_what_it_raises(name, found):
    text = inspect.getdoc(found)
    if "Args:" in text and not name.endswith("__init__") and name not in RAISES_NOTHING:
        assert re.search(r"^Raises:$", text, re.MULTILINE), f"{name} does not say what it raises"


ARRAYS = {
    "compare": ("(N,)", "(N, F)"),
    "Predictor.predict": ("(H, W)",),
    "Run.predict": ("(H, W)",),
    "Run.explain": ("(H, W)",),
    "Explanation": ("(H, W)", "(h, w)"),
    "Prediction": ("(F, h, w)", "(H, W)", "(S, S)"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_documented_with_their_shapes(name):
    found = cx
    for part in name.split("."):
        found = getattr(found, part)
    for shape in ARRAYS[name]:
        assert shape in inspect.getdoc(found)


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import sys, cxrtune\n"
        "assert 'Cohort' in dir(cxrtune)\n"
        "assert cxrtune.__version__\n"
        "cxrtune.errors.UsageError\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout == "[]\n"


def test_names_are_listed_and_others_are_refused():
    assert dir(cx) == sorted(cx.__all__)
    for name in cx.__all__:
        assert getattr(cx, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Oracle'"):
        _ = cx.Oracle
