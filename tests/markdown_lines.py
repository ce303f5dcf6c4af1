"""Wrap the repository's Markdown one way: `python tests/markdown_lines.py` writes the files that are not.

Paragraphs and list items are filled up to WIDTH characters. Headings, tables, code, HTML and the first line
of an admonition stay as they are.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
WIDTH = 120

_KEPT = re.compile(r"\s*(?:#|\||<|!!!|\?\?\?|===|:::|\[\^?[^]]+\]: |---+$|\*\*\*+$)")
_ITEM = re.compile(r"(\s*)((?:[-*+]|\d+[.)]) +(?:\[[ xX]\] +)?)(.*)$")
# A span of code stays in one line.
_WORD = re.compile(r"(?:`[^`]+`|[^\s`]|`)+")
_FENCE = re.compile(r"\s*(```+|~~~+)")
# A line that begins with one of these would be read as something else.
_NOT_FIRST = re.compile(r"(?:[-*+=]|\d+[.)]|#+|\||>|:::|!!!)$|[#|>]|:::|!!!|===|---")


def markdown_files() -> list[Path]:
    """Return the Markdown files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file()]


def wrapped(text: str) -> str:
    """Return a page with each paragraph filled."""
    out: list[str] = []
    texts: list[str] = []
    first = rest = ""
    fence = ""

    def flush() -> None:
        if texts:
            out.extend(_filled(_WORD.findall(" ".join(texts)), first, rest))
            texts.clear()

    previous = ""
    for line in text.splitlines():
        opened = _FENCE.match(line)
        if fence:
            out.append(line)
            if opened and opened[1].startswith(fence):
                fence = ""
        elif opened:
            flush()
            fence = opened[1]
            out.append(line)
        elif not line.strip():
            flush()
            out.append("")
        elif _KEPT.match(line) or _is_code(line, previous, out, texts):
            flush()
            out.append(line)
        elif item := _ITEM.match(line):
            flush()
            first, rest = item[1] + item[2], item[1] + " " * len(re.sub(r"\[.\] +$", "", item[2]))
            texts.append(item[3])
        else:
            if not texts:
                first = rest = line[: len(line) - len(line.lstrip())]
            texts.append(line.strip())
        previous = line
    flush()
    return "\n".join(out) + "\n"


def _is_code(line: str, previous: str, out: list[str], texts: list[str]) -> bool:
    """Four blanks after an empty line are code, unless they go on with a list or an admonition."""
    if not line.startswith("    ") or texts:
        return False
    if not previous.strip():
        above = next((one for one in reversed(out) if one.strip() and not one.startswith("    ")), "")
        return not re.match(r"\s*(?:[-*+] |\d+[.)] |!!!|\?\?\?|===)", above) and not above.startswith("  ")
    return bool(out) and out[-1] == previous


def _filled(words: list[str], first: str, rest: str) -> list[str]:
    lines, current = [], first + words[0]
    for word in words[1:]:
        if len(current) + 1 + len(word) > WIDTH and not _NOT_FIRST.match(word):
            lines.append(current)
            current = rest + word
        else:
            current += " " + word
    return [*lines, current]


def main() -> None:
    """Write the files whose lines are wrapped otherwise."""
    for path in markdown_files():
        text = path.read_text(encoding="utf-8")
        if wrapped(text) != text:
            path.write_text(wrapped(text), encoding="utf-8")


if __name__ == "__main__":
    main()
