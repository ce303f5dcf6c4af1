"""A library's text -> the command line's: settings become options, stages become commands.

The names come from the commands themselves: a setting's option is that of the command's parameter of this
name, of the running command if it has one, otherwise of the first that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from cxrtune.shown import with_names

_COMMANDS = {
    "cxrtune.download": "download",
    "cxrtune.models.inventory": "weights",
    "cxrtune.serving.dicom_node.queue.status": "dicom-node status",
}
"""Commands whose work is not done by a module of their own name in `experiment`."""

_OURS = "cxrtune."
_EXPERIMENT = "cxrtune.experiment."
_ALONE = re.compile(r": `(cxrtune [^`]+)`")  # a command after a colon
_OF_RECIPE = {"bank.views": "views", "bank.precision": "bank_precision", "bank.engine": "engine"}
_WITHOUT_BANK = "bank.store=none"  # which has an option with a value of its own: --bank off


class OptionTexts:
    """Writes the options and commands of a command line into texts.

    Args:
        root: The Click command of the whole program.
        arguments: What was typed, without the program's name; decides which command runs.
    """

    def __init__(self, root: Any, arguments: Sequence[str] = ()) -> None:
        self._root = root
        self._running = _running(root, arguments)

    def __call__(self, text: str) -> str:
        """Return a text with options in the place of settings; commands keep quotes within a sentence."""
        if "`" not in text:
            return text
        return _ALONE.sub(r": \1", with_names(text, self._quoted))

    def _quoted(self, mark: str) -> str | None:
        name = self.written(mark)
        return name if name is None or not mark.startswith(_OURS) else f"`{name}`"

    def written(self, mark: str) -> str | None:
        """Return what the command line calls a setting, or a stage with its settings; None if it has none."""
        first, *rest = mark.split(" ")
        command = self._running
        words: list[str | None] = []
        if first.startswith(_OURS):
            name = _COMMANDS.get(first, first.removeprefix(_EXPERIMENT))
            command = _running(self._root, name.split())
            if command is None:
                return None
            words.append(f"cxrtune {name}")
        else:
            rest = [first, *rest]
        words += [self._option(word, command) for word in rest]
        known = [word for word in words if word is not None]
        return " ".join(known) if len(known) == len(words) else None

    def _option(self, word: str, command: Any) -> str | None:
        name, separator, value = word.partition("=")
        commands = [command] if command is not None else []
        if "." in name:
            return self._of_recipe(word, commands)
        for one in [*commands, *_leaves(self._root)]:
            parameter = _parameters(one).get(name)
            typed = None if parameter is None else _typed(parameter, value if separator else None)
            if typed is not None:
                return typed
        return None

    def _of_recipe(self, word: str, commands: list[Any]) -> str | None:
        name, separator, value = word.partition("=")
        from cxrtune.recipe import has_key

        if not has_key(name):
            return None
        of_command = _parameters(commands[0]) if commands else {}
        if word == _WITHOUT_BANK and "bank" in of_command:
            return "--bank off"
        parameter = of_command.get(_OF_RECIPE.get(name, ""))
        if parameter is not None:
            return _typed(parameter, value if separator else None)
        return f"--set {word}"


def _running(root: Any, arguments: Sequence[str]) -> Any:
    """Return the command that arguments name, or None."""
    command = root
    for argument in arguments:
        inner = getattr(command, "commands", None)
        if inner is None:
            break
        command = inner.get(argument, command)
    return None if hasattr(command, "commands") else command


def _leaves(command: Any) -> Iterator[Any]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield command
    else:
        for name in command.list_commands(None):
            yield from _leaves(inner[name])


def _parameters(command: Any) -> dict[str, Any]:
    return {parameter.name: parameter for parameter in command.params}


def _typed(parameter: Any, value: str | None) -> str | None:
    """Return a parameter as it is typed, with its value if there is one."""
    if parameter.param_type_name == "argument":
        return value
    if value == "False":
        return str(parameter.secondary_opts[0]) if parameter.secondary_opts else None
    option = str(parameter.opts[0])
    return option if value in (None, "True") else f"{option} {value}"
