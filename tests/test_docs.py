"""The pages: wrapped one way, in plain words, and every page in the site's navigation."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
import yaml

import markdown_lines
import prose
from cxrtune.cohort.table import DESCRIPTION
from cxrtune.models.description import ModelInfo
from cxrtune.recipe import Recipe
from cxrtune.report.sections import SECTIONS
from cxrtune.scoring.prediction import ModelIdentity
from cxrtune.scoring.rows import failed_row, table_of
from cxrtune.training.metrics import EpochMetrics

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

# How many rejected words the texts in src/ have at most; write the smaller number here when there are fewer.
IN_SOURCES = 202


@pytest.mark.parametrize("path", markdown_lines.markdown_files(), ids=lambda path: path.name)
def test_lines_are_wrapped_one_way(path):
    text = path.read_text(encoding="utf-8")
    assert markdown_lines.wrapped(text) == text, "write them again with: python tests/markdown_lines.py"


def test_pages_are_in_plain_words():
    assert [str(found) for path in prose.pages() for found in prose.in_page(path)] == []


def test_sources_have_no_more_rejected_words_than_before():
    found = prose.in_sources()
    assert len(found) <= IN_SOURCES, "see: python tests/prose.py --src"


def test_the_prose_check_finds_what_it_is_for(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "A picture,\nwith one file a\nfinding.\n\n`picture` and [word](picture.md)\n\n"
        "```sh\npicture\n```\n\nStrangeness.\n"
    )
    assert [(found.line, found.phrase) for found in prose.in_page(page)] == [
        (1, "picture"),
        (2, "one file a finding"),
        (11, "Strangeness"),
    ]


def test_paragraphs_are_filled_and_all_else_is_kept():
    kept = "# A heading\n\n| a | b |\n|---|---|\n\n```sh\na \\\n  b\n```\n\n"
    kept += "    code  code\n    code\n\n- item\n- item\n"
    assert markdown_lines.wrapped(kept) == kept
    assert markdown_lines.wrapped("a\nb\n- c\n  d\n") == "a b\n- c d\n"
    long = " ".join(["word"] * 30)
    filled = markdown_lines.wrapped(f"1. {long}\n").splitlines()
    assert [line[:3] for line in filled] == ["1. ", "   "]
    assert all(len(line) <= markdown_lines.WIDTH for line in filled)
    # A number or a dash at the beginning of a line would start a list.
    assert not re.search(r"^\d+\. ", markdown_lines.wrapped("a" * 118 + " 5. b\n"), flags=re.MULTILINE)


def test_the_first_page_names_sections_of_the_report():
    table = (DOCS / "get-started.md").read_text(encoding="utf-8").split("| section |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([A-Z][^|]*) \|", table, flags=re.MULTILINE)
    assert named
    assert set(named) <= {section.heading for section in SECTIONS}


def test_the_site_loads_nothing_from_another_host():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert settings["theme"]["font"] is False
    assert "offline" in settings["plugins"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert any("docs" in re.split(r"[\[\],]", one) for one in extras["dev"])


def columns_under(heading: str) -> list[str]:
    """The first column's names of the table under a heading of the page on columns."""
    section = (
        (DOCS / "columns.md").read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    )
    return re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)[1:]))


def test_the_columns_of_tables_are_those_of_the_code(tmp_path):
    assert columns_under("Cohort") == list(DESCRIPTION)
    assert columns_under("Training") == [field.name for field in fields(EpochMetrics)]
    written = tmp_path / "table.parquet"
    info = ModelInfo(findings=("FINDING",), recipe=Recipe(), origin="")
    table_of(info, ModelIdentity("", "", ""), ["a.png"], [failed_row("unreadable")]).write(written)
    assert columns_under("Predictions of files") == [
        name for name in pd.read_parquet(written) if name != "FINDING"
    ]
