"""Execute notebooks: `python docs/generate/execute.py NOTEBOOK ... --to FOLDER`; stops at the first error.

Each runs in an empty folder of its own. The site shows the copies in build/tutorials, if there are any.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def execute(notebook: Path, out: Path) -> None:
    """Execute a notebook and write it with its output."""
    book = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(book, timeout=1200, resources={"metadata": {"path": folder}}).execute()
    out.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, out / notebook.name)


def main() -> None:
    """Execute the notebooks that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--to", required=True, type=Path)
    arguments = parser.parse_args()
    for notebook in arguments.notebooks:
        execute(notebook, arguments.to)


if __name__ == "__main__":
    main()
