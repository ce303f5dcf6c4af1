"""The page in Debian's chromium: real files in, real numbers out, errors shown."""

import base64
import json
import shutil

import cv2
import numpy as np
import pytest
from web_service import served

from cxrtune.scoring.heatmap import heat, overlay
from cxrtune.serving.web.settings import Access, ServiceSettings
from dicom_made import dicom

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.long

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TOKEN = "a-token-of-the-test"


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "these tests need chromium: apt-get install chromium"
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, service):
    """Return a function that opens the page; whatever it complains of fails the test."""
    contexts, problems = [], []

    def opened(port=service.port, **options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: check_address(request.url, port))
        page.on(
            "console", lambda message: problems.append(message.text) if "Policy" in message.text else None
        )
        page.goto(f"http://127.0.0.1:{port}/")
        return page

    def check_address(url, port):
        if not url.startswith((f"http://127.0.0.1:{port}/", "blob:", "data:")):
            problems.append(url)

    yield opened
    for context in contexts:
        context.close()
    assert not problems


def payload(name, data, kind="image/png"):
    return {"name": name, "mimeType": kind, "buffer": data}


def scored(page, *files):
    page.set_input_files("#files", list(files))
    page.wait_for_selector("#strip button", state="attached")
    page.wait_for_selector("#strip .spin", state="detached")
    return page


def shown(page):
    """Return by finding what its row says to a screen reader."""
    labels = [row.get_attribute("aria-label") for row in page.query_selector_all("#list button")]
    return dict(label.removesuffix(". Show heatmap").split(": ", 1) for label in labels)


def said(score):
    """What a row must say of a score of the predictor."""
    if score.probability is None:
        value = f"score {score.score:.2f}"
        limit = None if score.threshold is None else f"{score.threshold:.2f}"
    else:
        value = f"{score.probability:.1%}".replace("%", " %")
        limit = None if score.threshold is None else f"{score.probability_threshold:.1%}".replace("%", " %")
    decision = {True: "above threshold", False: "below threshold", None: "no threshold"}[score.positive]
    return f"{value}, {decision}" + ("" if limit is None else f", threshold {limit}")


def spoken(finding):
    return finding.replace("_", " ").capitalize()


def test_the_numbers_are_the_predictors(open_page, predictor, phantoms):
    page = scored(open_page(), payload("chest.png", phantoms[0]))
    prediction = predictor.predict(phantoms[0])
    assert shown(page) == {spoken(score.finding): said(score) for score in prediction.findings}
    assert page.inner_text("#file-name") == "chest.png"
    groups = [heading.inner_text().split()[0] for heading in page.query_selector_all("#list h3")]
    assert groups == [
        group
        for group, present in (("Above", True), ("Below", False), ("Without", None))
        if any(score.positive is present for score in prediction.findings)
    ]
    assert "chest.png" in page.inner_text("#status")
    text = page.inner_text("#quality")
    for flag in prediction.quality.flags:
        assert flag.text in text or flag.name in ("unlike_training", "blank")


def test_dicom_is_shown_as_it_was_decoded(open_page, predictor):
    pixels = (np.add.outer(np.arange(300), np.arange(400)) * 5).astype(int)
    data = dicom(pixels, PhotometricInterpretation="MONOCHROME1")
    page = scored(open_page(), payload("study.dcm", data, "application/dicom"))
    prediction = predictor.predict(data)
    assert shown(page) == {spoken(score.finding): said(score) for score in prediction.findings}
    assert page.inner_text("#file-facts") == "400 \N{MULTIPLICATION SIGN} 300 pixels"
    png, _ = saved_files(page)
    expected = np.rint(prediction.pixels / (np.iinfo(prediction.pixels.dtype).max / 255))
    np.testing.assert_allclose(png[:300, :, 0], expected, atol=1)


def saved_files(page):
    with page.expect_download() as png:
        page.click("#save-png")
    with page.expect_download() as text:
        page.click("#save-json")
    image = cv2.imread(str(png.value.path()), cv2.IMREAD_COLOR)[..., ::-1]
    return image.astype(float), json.loads(text.value.path().read_text())


def test_a_heatmap_and_the_downloads(open_page, predictor, phantoms):
    page = scored(open_page(), payload("chest.png", phantoms[0]))
    finding = predictor.info.findings[2]
    assert page.is_disabled("#opacity")
    page.click(f"#list [data-finding={finding}]")
    page.wait_for_selector("#heat-name:not([hidden])")
    assert page.get_attribute(f"#list [data-finding={finding}]", "aria-pressed") == "true"
    page.fill("#opacity", "40")
    png, content = saved_files(page)
    prediction = predictor.predict(phantoms[0])
    evidence = prediction.cam[2]
    shape = prediction.pixels.shape
    expected = overlay(prediction.pixels, heat(evidence, shape, predictor.info.recipe.preprocess), 0.4)
    np.testing.assert_allclose(png[: shape[0]], expected, atol=4)
    assert png.shape[0] > shape[0]  # a caption says what it is
    raw = {score.finding: score.score for score in prediction.findings}
    found = {one["finding"]: one["score"] for one in content["prediction"]["findings"]}
    assert found == pytest.approx(raw, rel=1e-5)
    assert content["model"]["sha256"] == predictor.identity.sha256
    assert "no medical device" in content["notice"]
    page.click(f"#list [data-finding={finding}]")
    assert page.is_hidden("#heat-name")


def test_several_at_once_one_of_them_broken(open_page, phantoms):
    page = scored(
        open_page(),
        payload("a.png", phantoms[0]),
        payload("<b>broken</b>.png", phantoms[1][:500]),
        payload("c.png", phantoms[2]),
    )
    assert len(page.query_selector_all("#strip button")) == 3
    page.click("#strip button >> nth=1")
    assert page.inner_text("#file-name") == "<b>broken</b>.png"
    assert "truncated" in page.inner_text("#failure")
    assert page.is_hidden("#scores")
    page.click("#strip button >> nth=2")
    assert page.inner_text("#file-name") == "c.png"
    assert page.is_visible("#scores")


def test_dropping_and_pasting(open_page, phantoms):
    page = open_page()
    give = """([kind, name, base64]) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name, {type: "image/png"}));
        const event = kind === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
            : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
        document.body.dispatchEvent(event);
    }"""
    for count, kind in enumerate(("drop", "paste"), start=1):
        image = base64.b64encode(phantoms[count]).decode()
        page.evaluate(give, [kind, f"{kind}.png", image])
        page.wait_for_selector(f"#strip button:nth-child({count})", state="attached")
        page.wait_for_selector("#strip .spin", state="detached")
        assert page.inner_text("#file-name") == f"{kind}.png"
        assert page.is_visible("#scores")


def test_the_keyboard_is_enough(open_page, phantoms):
    page = open_page()
    with page.expect_file_chooser() as chooser:
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "choose":
                break
        page.keyboard.press("Enter")
    chooser.value.set_files([payload("a.png", phantoms[0])])
    page.wait_for_selector("#list button")
    assert page.evaluate("document.activeElement.id") == "add"
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    order = [name for name in ("canvas", "zoom-in", "window", "level", "save-json") if name in reached]
    assert order == ["canvas", "zoom-in", "window", "level", "save-json"]
    assert sorted(order, key=reached.index) == order
    page.focus("#list button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#heat-name:not([hidden])")
    page.focus("#canvas")
    before = page.inner_text("#scale")
    page.keyboard.press("+")
    page.wait_for_timeout(100)
    assert page.inner_text("#scale") != before
    page.keyboard.press("]")
    assert page.input_value("#window") != "255"
    page.keyboard.press("0")
    assert page.input_value("#window") == "255"


def test_dragging_changes_window_and_level_and_the_wheel_zooms(open_page, phantoms):
    page = scored(open_page(), payload("a.png", phantoms[0]))
    box = page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.inner_text("#scale")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 100, y + 60, steps=5)
    page.mouse.up()
    assert int(page.input_value("#window")) == pytest.approx(175, abs=2)
    assert int(page.input_value("#level")) == pytest.approx(157, abs=2)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(200)
    assert page.inner_text("#scale") != before
    page.click("#reset")
    page.wait_for_timeout(100)
    assert page.inner_text("#scale") == before


def test_every_control_has_a_name(open_page, phantoms):
    page = scored(open_page(), payload("a.png", phantoms[0]), payload("b.png", phantoms[1]))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, canvas[tabindex]")]
            .filter((one) => !one.closest("dialog:not([open])"))
            .filter((one) => !(one.getAttribute("aria-label") || one.innerText?.trim() || one.labels?.length))
            .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert "no medical device" in page.inner_text(".masthead")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(open_page, phantoms, scheme):
    page = scored(open_page(color_scheme=scheme), payload("a.png", phantoms[0]))
    ratios = page.evaluate(
        """() => {
            const light = (colour) => {
                const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((one) => one / 255)
                    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const behind = (one) => {
                for (; one; one = one.parentElement) {
                    const colour = getComputedStyle(one).backgroundColor;
                    if (!/rgba\\(.*, 0\\)/.test(colour)) return colour;
                }
                return "rgb(255, 255, 255)";
            };
            const places = ".notice, .name, .value, .threshold, .small, .call, .slider, .hint, h2, h3, #add";
            return [...document.querySelectorAll(places)]
                .filter((one) => one.checkVisibility() && !one.querySelector(":disabled"))
                .map((one) => {
                    const both = [light(getComputedStyle(one).color), light(behind(one))];
                    return [one.className || one.id, (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)];
                });
        }"""
    )
    assert len(ratios) > 20
    # WCAG 2.2, 1.4.3, level AA.
    assert [one for one in ratios if one[1] < 4.5] == []


def test_a_phone_needs_no_sideways_scrolling(open_page, phantoms):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    scored(page, payload("a.png", phantoms[0]), payload("b.png", phantoms[1]))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.tap("#list button >> nth=0")
    page.wait_for_selector("#heat-name:not([hidden])")


def test_the_token_is_asked_for_and_kept_in_memory_only(browser, predictor, phantoms, open_page):
    with served(predictor, ServiceSettings(access=Access(TOKEN)), Authorization=f"Bearer {TOKEN}") as client:
        page = open_page(client.port)
        page.wait_for_selector("#token[open]")
        page.fill("#token-input", "another-token-here")
        page.keyboard.press("Enter")
        page.wait_for_selector("#token-problem:not([hidden])")
        page.fill("#token-input", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#token[open]", state="detached")
        scored(page, payload("a.png", phantoms[0]))
        assert page.is_visible("#scores")
        kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
        assert TOKEN not in kept
        assert TOKEN not in page.content()
        page.reload()
        page.wait_for_selector("#token[open]")


def test_a_service_that_has_gone_is_told(open_page, predictor, phantoms):
    with served(predictor) as client:
        page = open_page(client.port)
        page.wait_for_selector("#about-facts dt", state="attached")
    page.set_input_files("#files", [payload("a.png", phantoms[0])])
    page.wait_for_selector("#failure .call")
    assert "The service does not answer. Is it still running?" in page.inner_text("#failure")


def test_a_real_radiograph(open_page, predictor, nih_1024):
    file = sorted(nih_1024.rglob("*.png"))[0]
    page = open_page()
    page.set_input_files("#files", str(file))
    page.wait_for_selector("#list button")
    prediction = predictor.predict(file)
    assert shown(page) == {spoken(score.finding): said(score) for score in prediction.findings}
