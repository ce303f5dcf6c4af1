"""The page: what stands in it, that it needs nothing else, and that names cannot harm it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cxrtune.errors import DataError, OutputError
from cxrtune.findings import NIH_FINDINGS, spoken
from cxrtune.report import write_report
from cxrtune.report.notation import DASH
from cxrtune.report.paper.write import FILES

HOSTILE = "<script>alert(1)</script>\"'&/../$x^2$"


class Page(HTMLParser):
    """The elements, ids and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


@pytest.fixture(scope="module")
def html(example: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("out")
    page = write_report(example.evaluation, out, run=example.run, provenances=example.provenances)
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_asks_for_nothing_from_outside(html: str, page: Page) -> None:
    references = [
        *page.all("src"),
        *page.all("href"),
        *page.all("srcset"),
        *page.all("data"),
        *page.all("action"),
    ]
    assert {reference for reference in references if not reference.startswith("#")} == set(FILES)
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*['\"]?([^)'\"]*)", html))
    assert "@import" not in html
    assert not {"script", "link", "iframe", "img", "object", "base"} & {tag for tag, _ in page.tags}


def test_a_browser_would_refuse_outside_requests_too(page: Page) -> None:
    (policy,) = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_every_link_arrives(html: str, page: Page) -> None:
    ids = Counter(page.all("id"))
    assert {name for name, times in ids.items() if times > 1} == set()
    links = [reference[1:] for reference in page.all("href") if reference.startswith("#")]
    targets = links + re.findall(r"url\(#([^)]+)\)", html)
    assert set(targets) <= set(ids)
    labels = [name for value in page.all("aria-labelledby") for name in value.split()]
    assert set(labels) <= set(ids)


def test_every_auroc_of_the_results_is_in_its_row(html: str, example: Any) -> None:
    rows = _rows(html, "table-auroc")
    for finding in example.results.findings:
        for model, cell in zip(example.results.models, rows[spoken(finding)], strict=False):
            area = model.findings[finding].auroc
            assert cell.startswith(DASH if area is None else f"{area:.3f}")
    for model, cell in zip(example.results.models, rows["Macro average"], strict=False):
        assert cell == f"{model.macro_auroc:.3f}"
    assert rows["Findings averaged"][:2] == ["7", "7"]


def test_the_best_of_each_row_is_bold(html: str, example: Any) -> None:
    table = _table(html, "table-auroc")
    for finding in example.results.findings:
        areas = [model.findings[finding].auroc for model in example.results.models]
        if None not in areas:
            assert f"<strong>{max(areas):.3f}</strong>" in table


def test_undefined_values_are_dashes_with_their_counts(html: str, page: Page, example: Any) -> None:
    row = _rows(html, "table-auroc")[spoken(example.results.findings[-1])]
    assert row[:2] == [f"{DASH}a", f"{DASH}a"]
    assert row[2:] == ["0", "0", "1,612"]
    assert "undefined: 0 positives (1,612 negatives)" in page.all("title")
    assert "undefined: 0 positives (1,612 negatives)." in page.text
    recall = _rows(html, "table-classification")[spoken(example.results.findings[-1])][1]
    assert recall.startswith(DASH)


def test_the_summary_says_what_was_trained_and_reached(page: Page, example: Any) -> None:
    assert "Training used 8,265 images of 2,312 patients" in page.text
    assert "1,612 images of 418 patients in the test part" in page.text
    for model in example.results.models:
        assert f"{model.macro_auroc:.3f} for {model.name} (over 7 findings)" in page.text


def test_a_missing_comparison_is_announced_with_its_way_out(page: Page, example: Any) -> None:
    (missing,) = example.results.missing
    assert "notice" in page.all("class")
    assert f"Not compared: {missing.name}." in page.text
    assert missing.reason in page.text
    assert "weights folder that cxrtune weights names" in page.text


def test_the_cohort_says_which_images_are_not_in_it(page: Page) -> None:
    assert (
        "Of 12,000 images in the label table, 40 were excluded by the protocol and 12 were not on disk; "
        "11,948 formed the cohort." in page.text
    )


def test_few_positives_are_a_limit(page: Page) -> None:
    assert "Fewer than 10 patients with the finding were judged of: Infiltration (0)" in page.text


def test_provenance_shows_short_hashes_and_full_ones(page: Page) -> None:
    assert f"SHA-256 {'0a' * 32}" in page.all("title")
    assert "0a0a0a0a0a0a…" in page.text
    assert "0a" * 32 in page.text
    assert "training.learning_rate" in page.text
    assert "3 images could not be read and were left out." in page.text


def test_tables_have_captions_and_scopes(html: str, page: Page) -> None:
    tables = sum(1 for tag, _ in page.tags if tag == "table")
    assert tables == sum(1 for tag, _ in page.tags if tag == "caption") == 6
    assert all(attrs.get("scope") for tag, attrs in page.tags if tag == "th")


def test_figures_are_inline_and_follow_the_scheme(html: str, page: Page) -> None:
    drawings = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(drawings) == 5
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in drawings)
    inside = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}\b(?=[;\"])", inside)
    assert "DejaVu" not in inside


def test_hostile_names_are_text(make_example: Callable[..., Any], tmp_path: Path) -> None:
    example = make_example(models=("fine-tuned", HOSTILE), missing=("<img src=x onerror=alert(1)>",))
    out = tmp_path / "out"
    html = write_report(example.evaluation, out, title=HOSTILE).read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert HOSTILE in page.text
    assert all(path.parent == out / "figures" for path in out.rglob("*.svg") if path != out / "flow.svg")


def test_without_a_run_or_provenance_the_page_says_so(example: Any, tmp_path: Path) -> None:
    page = Page(write_report(example.evaluation, tmp_path / "out").read_text(encoding="utf-8"))
    assert "No training run was given" in page.text
    assert "No provenance records" in page.text
    assert not list((tmp_path / "out").rglob("training.*"))


def test_the_same_inputs_give_the_same_bytes(example: Any, tmp_path: Path, html: str) -> None:
    write_report(example.evaluation, tmp_path, run=example.run, provenances=example.provenances)
    again = write_report(example.evaluation, tmp_path, run=example.run, provenances=example.provenances)
    assert again.read_text(encoding="utf-8") == html
    assert len(html) < 1_000_000


def test_numbers_figures_and_tables_lie_beside_the_page(example: Any, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "roc-gone.svg").touch()
    (tmp_path / "figures" / "mine.svg").touch()
    write_report(example.evaluation, tmp_path, run=example.run)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    stems = ("auroc", "roc-fine-tuned", "roc-linear-probe", "training")
    assert found == {
        "index.html",
        "results.json",
        *FILES,
        "figures/mine.svg",
        *(f"figures/{stem}.{kind}" for stem in stems for kind in ("svg", "png")),
        *(
            f"tables/{stem}.{kind}"
            for stem in ("auroc", "classification", "cohort")
            for kind in ("csv", "md")
        ),
    }
    assert (tmp_path / "results.json").read_bytes() == (example.evaluation / "results.json").read_bytes()


def test_fourteen_findings_and_a_model_that_lacks_some(
    make_example: Callable[..., Any], tmp_path: Path
) -> None:
    example = make_example(findings=NIH_FINDINGS, models=("fine-tuned", "other"))
    path = example.evaluation / "results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    lacking = results["models"][1]
    lacking["findings"]["Mass"] |= {
        "auroc": None,
        "precision": None,
        "recall": None,
        "f1": None,
        "specificity": None,
    }
    lacking["findings"]["Edema"] |= {"auroc": None, "support": 0, "negatives": 0}
    del lacking["findings"]["Fibrosis"]
    lacking["findings"]["Nodule"] |= {"support": 40}
    lacking |= {"macro_auroc_over": 10, "images": 1600, "not_scored": 12}
    path.write_text(json.dumps(results), encoding="utf-8")
    html = write_report(example.evaluation, tmp_path / "out").read_text(encoding="utf-8")
    text = Page(html).text
    assert "not given by this model." in text
    assert "not given by this model (96 positives, 1,516 negatives)." in text
    assert "rests on 40 positives and 1,541 negatives." in text
    assert "Macro, 10 shared findings" in text
    assert "did not score the same images" in text
    assert "other (12)" in text


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"results\.json: no such file\nRun `cxrtune.experiment.evaluate`"):
        write_report(tmp_path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_inputs_are_named(make_example: Callable[..., Any], tmp_path: Path) -> None:
    example = make_example()
    record = tmp_path / "record.json"
    record.write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match=r"record\.json: is not a provenance record"):
        write_report(example.evaluation, tmp_path / "out", provenances=[record])
    (example.evaluation / "roc_curves.csv").write_text("model,finding\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column false_positive_rate, sensitivity"):
        write_report(example.evaluation, tmp_path / "out")
    (example.evaluation / "results.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="not an evaluation's results"):
        write_report(example.evaluation, tmp_path / "out")


def test_an_output_that_cannot_be_written_is_named(example: Any, tmp_path: Path) -> None:
    taken = tmp_path / "out"
    taken.touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(example.evaluation, taken)


def _table(html: str, anchor: str) -> str:
    found = re.search(rf'<table id="{anchor}">.*?</table>', html, flags=re.DOTALL)
    assert found is not None
    return found.group()


def _rows(html: str, anchor: str) -> dict[str, list[str]]:
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', _table(html, anchor), flags=re.DOTALL)
    return {
        head: [
            re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", cells, flags=re.DOTALL)
        ]
        for head, cells in rows
    }
