"""A model of other findings than NIH's, served: numbers, heatmaps and the page speak of them."""

from dataclasses import replace

import pytest
from web_service import served

from cxrtune.models.checkpoint import load_gated_model, save_model
from cxrtune.models.description import MODEL
from cxrtune.scoring.predictor import Predictor

OWN = (
    "COPD", "Enlarged_PA", "Nodule or Mass", "Rib_Fracture",
    "Tuberculosis", "Support-Devices", "ILD", "Other_Lesion",
)  # fmt: skip


@pytest.fixture(scope="module")
def own(model, tmp_path_factory):
    """The small model under other names."""
    folder = tmp_path_factory.mktemp("own-findings")
    network, gate, info = load_gated_model(model)
    names = dict(zip(info.findings, OWN, strict=True))
    renamed = {
        part: {names[finding]: value for finding, value in getattr(info, part).items()}
        for part in ("thresholds", "calibration")
    }
    save_model(folder / MODEL, network, replace(info, findings=OWN, **renamed), gate)
    with served(Predictor.load(folder, engine="torch")) as client:
        yield client


def test_predictions_and_heatmaps_of_any_finding(own, service, phantoms):
    files = {"files": ("a.png", phantoms[0])}
    answer, plain = (one.post("/v1/predictions", files=files).json() for one in (own, service))
    found, expected = (one["results"][0]["prediction"]["findings"] for one in (answer, plain))
    assert [one["finding"] for one in found] == list(OWN)
    assert [one["score"] for one in found] == [one["score"] for one in expected]
    for finding in OWN:
        heatmap = own.post(
            "/v1/heatmaps", files=files, params={"finding": finding}, headers={"Accept": "image/png"}
        )
        assert heatmap.status_code == 200, heatmap.text
        assert heatmap.headers["content-type"] == "image/png"


@pytest.mark.long
def test_the_page_names_them_and_shows_their_heatmaps(own, phantoms):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"http://127.0.0.1:{own.port}/")
        page.set_input_files(
            "input[type=file]", [{"name": "a.png", "mimeType": "image/png", "buffer": phantoms[0]}]
        )
        page.wait_for_selector("#list button")
        said = [button.get_attribute("aria-label") for button in page.query_selector_all("#list button")]
        for words in ("COPD", "Enlarged PA", "Nodule or mass", "Support-devices"):
            assert any(label.startswith(f"{words}: ") for label in said), said
        page.click('#list [data-finding="Nodule or Mass"]')
        page.wait_for_selector("#heat-name:not([hidden])")
        browser.close()
    assert not problems
