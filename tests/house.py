"""Count what the house is built of: `make house` prints the table, tests/test_house.py holds its hard rows.

python tests/house.py [NAME=SOURCES ...]    each a column: a folder that holds the package, `src` by default
"""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grimp

PACKAGE = "cxrtune"
SOURCES = Path(__file__).parents[1] / "src"
LARGEST = 300
"""Lines that no module has more of."""

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]\b")
FOREIGN_OPTIONS = {
    "--force-reinstall": "of pip, in a remedy",
    "--head": "of Ray's command, in a remedy",
    "--cpuset-cpus": "of Docker, in a docstring",
    "--cpus": "of Docker, in a docstring",
    "--backend-store-uri": "of MLflow's command, in a docstring",
    "--sans": "a variable of a style sheet",
}
"""What looks like an option of ours outside `cli/` and is none."""
ODD_WORDS = re.compile(r"\b[Pp]ictures?\b")
ONE_X_A_Y = re.compile(r"\b[Oo]ne(?: \w+)? an? (?!time|row of)\w+\b")

# A question of the house, and the calls that answer it; where they stand is where it is answered.
QUESTIONS = {
    "which files are in a folder?": ("os.walk", "os.scandir", "*.rglob", "*.walk"),
    "who works in processes of its own?": ("ProcessPoolExecutor", "*.get_context", "multiprocessing.*"),
    "who has a pool of threads?": ("ThreadPoolExecutor",),
    "how many processors are there?": ("os.cpu_count", "os.process_cpu_count", "os.sched_getaffinity"),
    "what does Ctrl-C mean?": ("signal.signal", "signal.set_wakeup_fd"),
    "who works on this folder?": ("fcntl.flock", "fcntl.lockf"),
    "what does a service log?": ("logging.StreamHandler", "logging.Formatter", "logging.basicConfig"),
    "is this stage up to date?": ("is_current",),
    "which data does a stage work on?": ("read_cohort", "open_pack"),
    "what runs an engine over images?": ("*.stream",),
    "what is in a DICOM file?": ("dcmread", "pydicom.dcmread"),
}


@dataclass(frozen=True)
class Module:
    """A module of the package.

    Attributes:
        name: Below the package, with slashes, as its path is.
        text: Its source.
    """

    name: str
    text: str

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def is_package(self) -> bool:
        return self.name.endswith("__init__")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    def classes(self) -> Iterator[str]:
        return (node.name for node in self.nodes if isinstance(node, ast.ClassDef))

    def functions(self) -> Iterator[tuple[str, int]]:
        """Yield each function's name and its length in lines."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, node.end_lineno - node.lineno + 1

    def strings(self) -> Iterator[tuple[int, str]]:
        """Yield every text, with the line that it begins on."""
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.lineno, node.value

    def told(self) -> Iterator[tuple[int, str]]:
        """Yield the texts that document nothing, f-strings as a whole: `VALUE` is what a program puts in."""
        skipped = {node.value for node in self.nodes if isinstance(node, ast.Expr)}
        for node in self.nodes:
            if isinstance(node, ast.JoinedStr):
                skipped.update(node.values)
                parts = [part.value if isinstance(part, ast.Constant) else "VALUE" for part in node.values]
                yield node.lineno, "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
                yield node.lineno, node.value

    def calls(self) -> set[str]:
        """Return what is called, as it is written: `os.walk`, `folder.rglob`."""
        return {ast.unparse(node.func) for node in self.nodes if isinstance(node, ast.Call)}


class House:
    """The package below a folder of sources."""

    def __init__(self, sources: Path = SOURCES) -> None:
        root = sources / PACKAGE
        self.modules = [
            Module(path.relative_to(root).with_suffix("").as_posix(), path.read_text(encoding="utf-8"))
            for path in sorted(root.rglob("*.py"))
        ]
        self._sources = sources

    def classes(self) -> dict[str, list[str]]:
        """Return the modules that define a class, by its name."""
        found = defaultdict(list)
        for module in self.modules:
            for name in module.classes():
                found[name].append(module.name)
        return dict(found)

    def shared_names(self) -> dict[str, list[str]]:
        """Return the class names that mean more than one thing."""
        return {name: places for name, places in self.classes().items() if len(places) > 1}

    def graph(self) -> grimp.ImportGraph:
        """Return who imports whom."""
        sys.path.insert(0, str(self._sources))
        try:
            importlib.invalidate_caches()
            return grimp.build_graph(PACKAGE, cache_dir=None)
        finally:
            sys.path.remove(str(self._sources))

    def with_one_importer(self) -> list[str]:
        """Return the modules that one module imports, and no other."""
        graph = self.graph()
        return [
            name
            for name in sorted(graph.modules)
            if len(graph.find_modules_that_directly_import(name)) == 1 and not graph.find_children(name)
        ]

    def library(self) -> list[Module]:
        """Return the modules outside `cli/`."""
        return [module for module in self.modules if not module.name.startswith("cli/")]

    def option_lines(self) -> list[str]:
        """Return the lines outside `cli/` that name an option of a command."""
        return [
            f"{module.name}:{number}: {line.strip()}"
            for module in self.library()
            for number, line in enumerate(module.text.splitlines(), start=1)
            if set(OPTION.findall(line)) - set(FOREIGN_OPTIONS)
        ]

    def answers(self, calls: tuple[str, ...]) -> list[str]:
        """Return the modules in which one of these is called; `*.` stands for any object."""

        def answers(call: str) -> bool:
            return any(
                call == wanted
                or (wanted.startswith("*") and call.endswith(wanted[1:]))
                or (wanted.endswith("*") and call.startswith(wanted[:-1]))
                for wanted in calls
            )

        return [module.name for module in self.modules if any(map(answers, module.calls()))]

    def found(self, pattern: re.Pattern[str]) -> int:
        """Return how often a pattern stands in the sources."""
        return sum(len(pattern.findall(module.text)) for module in self.modules)


def _median(house: House) -> float:
    return statistics.median(module.lines for module in house.modules if not module.is_package)


def _largest(house: House) -> str:
    module = max(house.modules, key=lambda module: module.lines)
    return f"{module.lines} ({module.name})"


def _one_importer(house: House) -> str:
    alone = len(house.with_one_importer())
    return f"{alone} ({alone / len(house.modules):.0%})"


def _longest_function(house: House) -> str:
    lines, name = max(
        (lines, f"{module.name}.{name}") for module in house.modules for name, lines in module.functions()
    )
    return f"{lines} ({name})"


ROWS: dict[str, Callable[[House], object]] = {
    "modules": lambda house: len(house.modules),
    "source lines": lambda house: f"{sum(module.lines for module in house.modules):,}",
    "median module": _median,
    "largest module": _largest,
    "longest function": _longest_function,
    "class names used more than once": lambda house: len(house.shared_names()),
    "modules with one importer": _one_importer,
    "library lines that name an option": lambda house: len(house.option_lines()),
    '"picture"': lambda house: house.found(ODD_WORDS),
    '"one X a Y"': lambda house: house.found(ONE_X_A_Y),
}


def table(houses: dict[str, House]) -> str:
    """Return the counts as a Markdown table with a column for each house."""
    lines = ["| | " + " | ".join(houses) + " |", "|---" * (1 + len(houses)) + "|"]
    lines += [
        f"| {name} | " + " | ".join(str(count(house)) for house in houses.values()) + " |"
        for name, count in ROWS.items()
    ]
    lines += [
        f"| modules that answer: {question} | "
        + " | ".join(str(len(house.answers(calls))) for house in houses.values())
        + " |"
        for question, calls in QUESTIONS.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    named = [argument.rpartition("=") for argument in sys.argv[1:]] or [("now", "=", str(SOURCES))]
    print(table({name or path: House(Path(path)) for name, _, path in named}))
