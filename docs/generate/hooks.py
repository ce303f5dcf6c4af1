"""MkDocs hooks: the pages that are generated from the code, and those of the top folder."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

import api_page
import command_page
import recipe_page
import results_page
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]

# Where `make tutorials` writes notebooks with their output.
EXECUTED = ROOT / "build/tutorials"

# Pages whose text is in the repository, outside docs/: the site's path -> the file.
COPIED = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "benchmarks.md": "benchmarks/README.md",
}
# Pages that are a tab of their own: there is nothing to list beside them.
ALONE = {"index.md", "get-started.md", "glossary.md"}
GENERATED = {
    "reference/api.md": api_page.page,
    "reference/cli.md": command_page.page,
    "reference/recipe-keys.md": recipe_page.page,
    "reference/results-schema.md": results_page.page,
}


def on_files(files: Files, config: Any) -> Files:
    """Add the generated and the copied pages."""
    for path, make in GENERATED.items():
        files.append(File.generated(config, path, content=make()))
    for path, source in COPIED.items():
        files.append(File.generated(config, path, content=relinked(ROOT / source)))
    for file in files:
        if file.src_uri.endswith(".ipynb") and _is_current(EXECUTED / Path(file.src_uri).name, file):
            file.abs_src_path = str(EXECUTED / Path(file.src_uri).name)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links from docs/ to files outside of it to their copies on the site."""
    if page.file.src_uri in ALONE:
        page.meta["hide"] = ["navigation"]
    if page.file.src_uri in COPIED or page.file.src_uri in GENERATED:
        return markdown
    return _relinked(markdown, (ROOT / "docs" / page.file.src_uri).parent, Path(page.file.src_uri).parent)


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Point the links of notebooks to pages, as MkDocs itself does for Markdown."""
    own = page.file.src_uri
    if not own.endswith(".ipynb"):
        return html

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(own), found[1]))
        file = files.get_file_from_path(target)
        if file is None:
            raise PluginError(f"{own} links to {found[1]}, which is not a page")
        return f'href="{file.url_relative_to(page.file)}{found[2] or ""}"'

    return re.sub(r'href="([^":#]+\.(?:md|ipynb))(#[^"]*)?"', link, html)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Load the script that searches pages opened from disk from the site, and not from another host."""
    shim = "../" * page.url.count("/") + "javascripts/iframe-worker.js"
    return output.replace("https://unpkg.com/iframe-worker/shim", shim)


def relinked(source: Path) -> str:
    """Return a page's text with links that are right where the site has its copy: in the top folder."""
    return _relinked(source.read_text(encoding="utf-8"), source.parent, Path())


def _is_current(executed: Path, file: File) -> bool:
    """Say whether an executed notebook is there and has the cells of the one in docs/."""

    def cells(path: Path) -> list[str]:
        return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]

    return executed.is_file() and cells(executed) == cells(Path(str(file.abs_src_path)))


def _relinked(markdown: str, folder: Path, place: Path) -> str:
    def link(found: re.Match[str]) -> str:
        target, _, anchor = found[2].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = (folder / target).resolve()
        if not path.is_relative_to(ROOT):
            return found[0]
        inside = path.relative_to(ROOT).as_posix().rstrip("/")
        copies = {source: copy for copy, source in COPIED.items()} | {"benchmarks": "benchmarks.md"}
        if inside in copies:
            inside = copies[inside]
        elif inside.startswith("docs/"):
            inside = inside.removeprefix("docs/")
        else:  # a file of the repository that the site does not have: its name alone
            return found[1].lstrip("!")[1:-1]
        up = "../" * len(place.parts)
        return f"{found[1]}({up}{inside}{'#' + anchor if anchor else ''})"

    return re.sub(r"(!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])\(([^()\s]+)\)", link, markdown)
