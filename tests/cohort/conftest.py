"""`cxrtune verify` as a script would use it: the command, and the list that it writes."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import Seen


@dataclass(frozen=True)
class Verified:
    """What was seen on the screen, and the problems of the list."""

    seen: Seen
    problems: list[dict[str, str]]

    def of(self, kind: str) -> list[dict[str, str]]:
        return [problem for problem in self.problems if problem["kind"] == kind]

    def only(self, kind: str, severity: str, file: str, *words: str) -> str:
        """Check that there is just this problem, that the screen shows it, and return its text."""
        assert [problem["kind"] for problem in self.problems] == [kind], self.problems
        problem = self.problems[0]
        assert (problem["severity"], problem["file"]) == (severity, file)
        text = f"{problem['what']} {problem['remedy']}"
        for word in words:
            assert word in text, text
        assert problem["what"] in self.seen.out
        assert f"-> {problem['remedy']}" in self.seen.out
        assert self.seen.code == (1 if severity == "error" else 0)
        assert not self.seen.err
        return text


@pytest.fixture
def verify(cxrtune, tmp_path):
    """Return a function that verifies a folder, by default without decoding."""

    def run(folder: Path, *arguments: object, decode: bool = False) -> Verified:
        out = tmp_path / "problems.jsonl"
        out.unlink(missing_ok=True)
        switches = ["--workers", "1"] if decode else ["--no-decode"]
        seen = cxrtune("verify", folder, "--out", out, *switches, *arguments)
        assert out.is_file(), seen
        return Verified(seen, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()])

    return run
