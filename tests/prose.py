"""Find words and phrases that are not plain technical English: `python tests/prose.py` prints them.

Looked at are the pages (README, docs and so on, without their code) and the texts of the sources: docstrings,
comments, messages and templates. Pages have none; the number in the sources may only fall.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent

_UNITS = (
    "annotation|archive|batch|block|chunk|class|column|command|connection|core|cohort|component|day|device|epoch|"
    "evaluation|file|finding|folder|group|head|host|hour|image|instance|item|kind|line|machine|measure|method|minute|"
    "model|month|name|node|option|page|pair|paper|part|patient|person|pixel|place|process|processor|question|radiograph|"
    "reader|record|request|row|run|second|session|shard|side|site|stage|start|statistic|step|study|table|test|thread|"
    "transaction|value|view|visit|word|worker|year"
)
REJECTED = {
    r"pictur(?:e|es|ed)": "image",
    rf"(?:a|an|one|two|three|four|\d+(?:[,.]\d+)*) [\w-]+ an? (?:{_UNITS})": "one X per Y",
    rf"(?:images|views|bytes|rows|columns|tests|probability|result|heatmap) an? (?:{_UNITS})": "X per Y",
    r"(?<!there )(?:is|are|was|were) none": "is not available, is missing, is not valid",
    r"to be had": "available",
    r"(?:goes|go|went|gone|going) on(?! with the)": "resumes, continues",
    r"anew": "again, from the beginning",
    r"strangeness": "OOD score",
    r"(?:the|quality|a) gate": "OOD check",
    r"evidence maps?|the evidence": "class activation map (CAM)",
    r"trunks?": "backbone, frozen layers",
    r"(?:the|a) tail": "trainable layers and head",
    r"(?<!feature )banks?": "feature bank",
    r"common ground": "shared test set",
    r"(?:false|positive|negative|equal) calls?|calls? (?:present|for scores)": "decision, positive, negative",
    r"called (?:present|positive|rightly)": "positive, correct",
    r"(?:is|are|was|were|be) told": "is reported",
    r"tells? (?:all|too|what|how|which|whether|where|that)": "reports, says",
    r"stands? (?:in|at|on|beside|behind|before|above|below|there|between)": "is in",
    r"mend(?:s|ed|ing)?": "fix",
    r"reckon(?:s|ed|ing)?": "compute",
    r"at hand": "available",
    r"one's own|of (?:ours|theirs|yours)": "your own, our",
    r"nobody|somebody": "no one, someone",
    r"turned? round": "reversed, rotated",
    r"hang(?:s)? up|hung up": "close the connection",
    r"put(?:s)? up with": "accept",
    r"cannot be what (?:it is|they are)": "is not valid",
    r"as it stands|as they stand": "as shown, unchanged",
    r"shall": "must, will",
    r"lies? (?:in|at|alike|beside|below|above|there)": "is in",
    r"vouch(?:es|ed)?": "confirm",
}
_PATTERN = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in REJECTED), re.IGNORECASE)


class Found(NamedTuple):
    """A rejected phrase and where it is."""

    path: Path
    line: int
    phrase: str

    def __str__(self) -> str:
        """Return the place as editors open it, and what to write in its place."""
        better = next(
            word for pattern, word in REJECTED.items() if re.fullmatch(pattern, self.phrase, re.IGNORECASE)
        )
        return f"{self.path.relative_to(ROOT)}:{self.line}: '{self.phrase}': write {better}"


def pages() -> list[Path]:
    """Return the Markdown pages and notebooks that must have none."""
    top = (
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md")
    )
    return [*top, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs").rglob("*.ipynb"))]


def in_page(path: Path) -> list[Found]:
    """Return what a page has, without code blocks, code spans and the targets of links."""
    text = path.read_text(encoding="utf-8")
    blank = lambda found: re.sub(r"[^\n]", " ", found[0])  # noqa: E731
    text = re.sub(r"^( *)(```+|~~~+).*?^\1\2", blank, text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?<=\n\n)(?: {4}.*\n)+", blank, text)
    text = re.sub(r"``.+?``|`[^`]+`", blank, text, flags=re.DOTALL)
    text = re.sub(r"(?<=\])\([^()\s]+\)|https?://\S+", blank, text)
    return _found(path, text)


def in_sources() -> list[Found]:
    """Return what docstrings, comments, messages, templates and the web page's files have."""
    found: list[Found] = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix == ".py":
            for line, text in _texts(path.read_text(encoding="utf-8")):
                found += [one._replace(line=line + one.line - 1) for one in _found(path, text)]
        elif path.suffix in {".html", ".js", ".css", ".j2", ".yaml", ".md", ".txt"}:
            found += _found(path, path.read_text(encoding="utf-8"))
    return found


def _texts(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _found(path: Path, text: str) -> list[Found]:
    flat = re.sub(r"\s", " ", text)
    return [
        Found(path, text.count("\n", 0, one.start()) + 1, re.sub(r" +", " ", one[0]))
        for one in _PATTERN.finditer(flat)
    ]


def main() -> None:
    """Print what is found in the pages, and with --src in the sources too."""
    found = [one for path in pages() for one in in_page(path)]
    if "--src" in sys.argv:
        found += in_sources()
    for one in found:
        print(one)
    print(f"{len(found)} in {'pages and sources' if '--src' in sys.argv else 'pages'}")


if __name__ == "__main__":
    main()
