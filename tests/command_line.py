"""Runs the command in this process and returns what a user would have seen."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from cxrtune.cli.main import main


@dataclass(frozen=True)
class Seen:
    """Exit code, standard output and standard error of one command."""

    code: int
    out: str
    err: str

    def refused(self, code: int = 1) -> str:
        """Check that this is one well-made error, and return its text."""
        assert self.code == code, self
        assert "Traceback" not in self.out + self.err
        lines = self.err.rstrip("\n").split("\n")
        assert lines[0].startswith("error: "), self.err
        assert len(lines) <= 2, self.err
        return self.err


@pytest.fixture
def cxrtune(capsys):
    """Return a function that runs `cxrtune ARGUMENT ...`."""

    def run(*arguments: object) -> Seen:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = stop.value.code
        return Seen(0 if code is None else int(code), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def quietly():
    """Return a function that runs `cxrtune ARGUMENT ...` for fixtures that live longer than a test."""

    def run(*arguments: object) -> None:
        with pytest.raises(SystemExit) as stop:
            main(["--quiet", *(str(argument) for argument in arguments)])
        assert not stop.value.code

    return run


def files_below(folder: Path) -> set[str]:
    """Every file below a folder, the hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
