"""The files for a paper: what stands in them, the same bytes again, and that names cannot harm them."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from paper_made import DRAWN, NIH, OURS, THREE, chain, material_of, results_named
from sentences import cohort_of, results_of, scores_of, text_of

from cxrtune.recipe import Recipe
from cxrtune.report import write_report
from cxrtune.report.material import Material
from cxrtune.report.paper.checklists import CLAIM, TRIPOD_AI
from cxrtune.report.paper.facts import Facts
from cxrtune.report.paper.methods import write_methods
from cxrtune.report.paper.references import REFERENCES
from cxrtune.report.paper.write import FILES, paper_of, plain, write_paper

HOSTILE = "<b>|a|</b> `x` *y* [z](http://w) \x07"


@pytest.fixture(scope="module")
def ours() -> Material:
    return material_of(results_named(NIH, ours=True), *chain())


@pytest.fixture(scope="module")
def written(ours: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    write_paper(ours, folder)
    return folder


@pytest.fixture(scope="module")
def document(written: Path) -> DocxDocument:
    return Document(str(written / "methods.docx"))


def test_the_named_files_are_there(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == set(FILES)


@pytest.mark.parametrize("guideline", [CLAIM, TRIPOD_AI], ids=lambda one: one.title)
def test_a_checklist_has_a_row_an_item(written: Path, ours: Material, guideline: Any) -> None:
    text = (written / guideline.file).read_text(encoding="utf-8")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in row] for row in rows if row[0].strip() != "Item"]
    assert [row[0] for row in rows] == [item.number for item in guideline.items]
    checklist = next(one for one in paper_of(ours).checklists if one.guideline is guideline)
    assert [row[2] for row in rows] == [answer.status for answer in checklist.answers]
    assert [row[3] for row in rows] == [plain(answer.text) for answer in checklist.answers]
    assert REFERENCES[guideline.reference].doi in text
    assert "numbers are those of the published checklist" in text


def test_the_word_document_says_what_the_texts_say(document: DocxDocument, ours: Material) -> None:
    paper = paper_of(ours)
    said = [paragraph.text for paragraph in document.paragraphs]
    for paragraph in paper.methods.paragraphs:
        assert paragraph.heading in said
        assert paragraph.text in said
    for number, reference in enumerate(paper.methods.references, start=1):
        assert f"{number}. {reference.line}" in said
    assert len(document.inline_shapes) == 1
    for table, checklist in zip(document.tables, paper.checklists, strict=True):
        cells = [[cell.text for cell in row.cells] for row in table.rows][1:]
        assert [row[0] for row in cells] == [item.number for item, _ in checklist.rows]
        assert [row[2] for row in cells] == [answer.status for answer in checklist.answers]
        assert [row[3] for row in cells] == [answer.text.replace("`", "") for answer in checklist.answers]


def test_the_same_run_gives_the_same_bytes(ours: Material, written: Path, tmp_path: Path) -> None:
    write_paper(ours, tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def test_the_word_document_has_no_date_of_its_writing(written: Path) -> None:
    with zipfile.ZipFile(written / "methods.docx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_hostile_names_are_text(tmp_path: Path) -> None:
    results = results_named(NIH, ours=True)
    model = results.models[0].model_copy(update={"name": HOSTILE, "title": HOSTILE, "origin": HOSTILE})
    material = material_of(results.model_copy(update={"models": [model]}), title=HOSTILE)
    write_paper(material, tmp_path)
    text = (tmp_path / CLAIM.file).read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<[a-z/]", text)
    assert "](" not in text
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in text.splitlines() if line.startswith("|"))
    Document(str(tmp_path / "methods.docx"))


def test_citations_are_numbered_as_they_come(ours: Material) -> None:
    methods = write_methods(Facts(ours))
    text = " ".join(paragraph.text for paragraph in methods.paragraphs)
    cited = [int(number) for found in re.findall(r"\[([\d, ]+)\]", text) for number in found.split(", ")]
    first = list(dict.fromkeys(cited))
    assert first == list(range(1, len(methods.references) + 1))
    assert "[@" not in text
    assert len({reference.full for reference in methods.references}) == len(methods.references)


def test_every_reference_is_cited_somewhere_and_has_a_doi_where_one_was_confirmed() -> None:
    root = Path(write_methods.__code__.co_filename).parent
    text = " ".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
    for key, reference in REFERENCES.items():
        assert f"@{key}" in text or f'reference="{key}"' in text, key
        assert reference.doi.startswith("10.") or key in {
            "platt1999",
            "korn1998",
            "berry1995",
            "holm1979",
            "zou2009",
        }


def methods_of(material: Material) -> str:
    return " ".join(paragraph.text for paragraph in write_methods(Facts(material)).paragraphs)


def test_the_methods_tell_the_run(ours: Material) -> None:
    text = methods_of(ours)
    for said in (
        "frontal chest radiographs of NIH ChestX-ray14 [1]",
        "The label table was Data_Entry_2017.csv (SHA-256 table of c…)",
        "Of 240 images in the label table, 15 were excluded by the protocol and 5 were not on disk; 220 "
        "formed",
        "Of the cohort's images 3 could not be read",
        "20 % were set aside for tuning (validation), chosen by a hash of the seed (7) and the patient",
        "the tuning (validation) part had 80 images of 40 patients",
        "Internal testing of a",
        "a was a DenseNet-121",
        "log-sum-exp pooling (sharpness 10)",
        "at most 20 epochs, with early stopping after 5 epochs without improvement, by Adam",
        "the positives of each finding were weighted by the negatives over the positives",
        "rotation up to 5°, shifts up to 2 % of the side",
        "one plain and 3 augmented views of each, in turn",
        "weights of the epoch with the lowest loss on the tuning part were kept (epoch 9 of 12)",
        "Thresholds of a: Youden's J on validation",
        "on 80 images of the tuning (validation) part, none of which was evaluated",
        "Newcombe's score interval",
        "100 replicates in which 40 patients were drawn",
        "Software: python 3.12.1, cxrtune 0.1.0 and numpy 2.4.6.",
    ):
        assert said in text, said
    for not_said in ("machine", "openvino", "synthetic", "Two models were compared", "second stage", "None"):
        assert not_said not in text, not_said


def test_the_methods_follow_the_recipe() -> None:
    recipe = Recipe.model_validate(
        {
            "weights": "random",
            "preprocess": {"size": 320, "resize": "pad"},
            "head": {"pooling": "average"},
            "bank": {"store": "none"},
            "training": {
                "class_weights": "none",
                "schedule": {"name": "cosine", "warmup": 0.3},
                "early_stopping": 0,
                "monitor": "val_auroc",
                "ema": 0.99,
            },
            "unfreeze": {"part": "all"},
            "prediction": {"flip": True},
        }
    )
    text = methods_of(material_of(results_named(NIH, ours=True), *chain(recipe=recipe)))
    for said in (
        "padded with black to a square and resized to 320 by 320 pixels",
        "average pooling",
        "fell to 0 by a cosine after a linear warm-up of 30 % of the steps",
        "positives and negatives had equal weights",
        "drawn anew in every epoch",
        "the highest macro AUROC on the tuning part",
        "exponential moving average (decay 0.99)",
        "averages the outputs of an image and its mirror image",
        "In a first stage layers up to transition 3",
        "a second stage trained all layers",
        "The second stage had at most 5 epochs",
    ):
        assert said in text, said
    for not_said in ("early stopping", "log-sum-exp", "weighted by", "ImageNet: a"):
        assert not_said not in text, not_said


def test_the_methods_of_an_outside_model_invent_nothing() -> None:
    cohort = cohort_of(THREE)
    tables = scores_of(cohort, "test"), scores_of(cohort, "test", seed=3)
    text = methods_of(material_of(results_of(cohort, *tables, replicates=100)))
    assert "Of a (Their model; bought) and b (Their model; bought) only predictions were given" in text
    assert "Two models were compared on the same images by random swaps" in text
    assert "made no calls" in text
    for not_said in ("DenseNet", "Adam", "NIH", "ImageNet", "mid-p", "Brier"):
        assert not_said not in text, not_said


def test_thresholds_that_a_model_brought_are_not_said_to_be_chosen_here() -> None:
    text = methods_of(material_of(results_named(NIH, ours=True)))
    assert "Thresholds of a: Youden's J on validation [" in text
    assert "brought along, chosen on images that this report does not know" in text
    assert OURS.title in text


def test_synthetic_images_are_called_so_in_the_methods() -> None:
    text = methods_of(material_of(results_named(DRAWN, ours=True), *chain()))
    assert text.startswith("All images were synthetic: a program drew them and their labels")
    assert "80 synthetic images of 40 patients" in text


def test_without_intervals_the_methods_have_none(ours: Material) -> None:
    bare = material_of(ours.results.model_copy(update={"bootstrap": None}), *chain())
    text = methods_of(bare)
    assert "No intervals were made and nothing was tested" in text
    assert "Newcombe" not in text


def test_the_page_names_the_files_and_counts_the_items(
    make_example: Callable[..., Any], tmp_path: Path
) -> None:
    example = make_example()
    page = write_report(
        example.evaluation, tmp_path / "out", run=example.run, provenances=example.provenances
    )
    html = page.read_text(encoding="utf-8")
    section = html[html.index('<section id="reporting"') :]
    for name in FILES:
        assert f'<a href="{name}">{name}</a>' in section
        assert (tmp_path / "out" / name).is_file()
    text = text_of(page)
    claim, tripod = ((tmp_path / "out" / one.file).read_text(encoding="utf-8") for one in (CLAIM, TRIPOD_AI))
    for title, total, checklist in (("CLAIM 2024", 44, claim), ("TRIPOD+AI", 52, tripod)):
        counts = [checklist.count(f"| {status} |") for status in ("filled", "author", "not done")]
        assert sum(counts) == total
        assert f"{title} {total} {counts[0]} {counts[1]} {counts[2]}" in text
    assert "Flow of images" in section


def test_the_page_stands_alone_when_it_is_moved(make_example: Callable[..., Any], tmp_path: Path) -> None:
    example = make_example()
    page = write_report(example.evaluation, tmp_path / "out")
    moved = tmp_path / "elsewhere.html"
    shutil.copyfile(page, moved)
    assert "They lie beside this page under these names." in text_of(moved)
    assert 'src="' not in re.sub(r'src="data:', "", moved.read_text(encoding="utf-8"))
