"""What the service says is what the predictor says."""

import base64

import cv2
import numpy as np
import pytest
from PIL import Image
from web_service import refused

from cxrtune.serving.web.schema import DISCLAIMER
from dicom_made import SYNTAXES, dicom
from encoded import GREY, png, saved


def pixels_of(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def check_prediction(found, expected):
    assert (found["height"], found["width"]) == expected.pixels.shape
    for finding, score in zip(found["findings"], expected.findings, strict=True):
        assert finding["finding"] == score.finding
        assert finding["positive"] == score.positive
        for name in ("score", "probability", "threshold", "probability_threshold"):
            expected_value = score.score if name == "score" else getattr(score, name)
            # Not to the bit: other images may have been in the batch.
            assert finding[name] == (expected_value and pytest.approx(expected_value, rel=1e-5))
    quality = found["quality"]
    assert quality["fit"] == expected.quality.fit
    assert quality["ood_score"] == pytest.approx(expected.quality.ood_score, rel=1e-4)
    assert quality["threshold"] == expected.quality.ood_threshold
    assert quality["flags"] == [{"name": flag.name, "text": flag.text} for flag in expected.quality.flags]


def test_one_image(service, predictor, phantoms):
    answer = service.predict(("chest.png", phantoms[0]))
    content = answer.json()
    assert answer.status_code == 200
    assert content["model"] == {
        "title": predictor.identity.title,
        "sha256": predictor.identity.sha256,
        "engine": predictor.identity.engine,
    }
    assert content["notice"] == DISCLAIMER
    (result,) = content["results"]
    assert (result["index"], result["name"], result["error"]) == (0, "chest.png", None)
    check_prediction(result["prediction"], predictor.predict(phantoms[0]))
    assert result["prediction"]["image"] is None


def test_many_images_keep_their_order(service, predictor, phantoms):
    answer = service.predict(*((f"{number}.png", data) for number, data in enumerate(phantoms)))
    results = answer.json()["results"]
    assert [result["name"] for result in results] == [f"{number}.png" for number in range(len(phantoms))]
    for result, data in zip(results, phantoms, strict=True):
        check_prediction(result["prediction"], predictor.predict(data))


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff", "dicom", "png of 16 bit"])
def test_a_raw_body_of_each_kind(service, predictor, phantoms, kind):
    pixels = pixels_of(phantoms[1])
    data, media_type = {
        "png": (phantoms[1], "image/png"),
        "jpeg": (saved(Image.fromarray(pixels), "JPEG", quality=90), "image/jpeg"),
        "tiff": (saved(Image.fromarray(pixels), "TIFF"), "image/tiff"),
        "dicom": (dicom(pixels.astype(int) * 16, SYNTAXES["JPEG 2000"]), "application/dicom"),
        "png of 16 bit": (png(pixels.astype(int) * 257, 16, GREY), "image/png"),
    }[kind]
    answer = service.post("/v1/predictions", content=data, headers={"Content-Type": media_type})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert result["name"] is None
    check_prediction(result["prediction"], predictor.predict(data))


def test_one_broken_file_does_not_fail_the_others(service, predictor, phantoms):
    answer = service.predict(("a.png", phantoms[0]), ("b.png", phantoms[1][:2000]), ("c.png", phantoms[2]))
    first, broken, last = answer.json()["results"]
    assert answer.status_code == 200
    assert broken["prediction"] is None
    assert broken["error"]["reason"] == "unreadable_image"
    assert "truncated" in broken["error"]["message"]
    check_prediction(first["prediction"], predictor.predict(phantoms[0]))
    check_prediction(last["prediction"], predictor.predict(phantoms[2]))


def test_no_file_that_can_be_read(service):
    one = service.predict(("a.txt", b"hello"))
    assert "is not a PNG, JPEG, TIFF or DICOM file" in refused(one, 422, "unreadable_image")
    two = service.predict(("a.txt", b"hello"), ("b.png", b"\x89PNG\r\n\x1a\n"))
    assert refused(two, 422, "unreadable_image") == "none of the 2 files gives a radiograph"
    assert [result["name"] for result in two.json()["results"]] == ["a.txt", "b.png"]


@pytest.mark.parametrize("depth", [8, 16])
def test_the_radiograph_comes_back_as_it_was_decoded(service, predictor, phantoms, depth):
    pixels = pixels_of(phantoms[3])
    data = png(pixels.astype(int) * (257 if depth == 16 else 1), depth, GREY)
    answer = service.predict(("a.png", data), params={"image": True})
    image = answer.json()["results"][0]["prediction"]["image"]
    shown = pixels_of(base64.b64decode(image["png"]))
    assert (image["height"], image["width"]) == shown.shape
    np.testing.assert_array_equal(shown, pixels)


def test_a_large_radiograph_comes_back_smaller(service, large):
    answer = service.predict(("a.png", large), params={"image": True, "image_side": 500})
    prediction = answer.json()["results"][0]["prediction"]
    assert (prediction["width"], prediction["height"]) == (3000, 3000)
    assert (prediction["image"]["width"], prediction["image"]["height"]) == (500, 500)


def test_a_parameter_that_cannot_be(service, phantoms):
    answer = service.predict(("a.png", phantoms[0]), params={"image_side": 5})
    assert "image_side" in refused(answer, 422, "invalid_parameter")


def test_the_model_is_described(service, predictor):
    described = service.get("/v1/model").json()
    assert [finding["finding"] for finding in described["findings"]] == list(predictor.info.findings)
    assert described["model"]["sha256"] == predictor.identity.sha256
    for finding in described["findings"]:
        assert finding["threshold"] == predictor.info.thresholds.get(finding["finding"])
        assert finding["calibrated"] == (finding["finding"] in predictor.info.calibration)
    assert described["input_size"] == 64
