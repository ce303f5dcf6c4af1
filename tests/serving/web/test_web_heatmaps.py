"""Heatmaps over HTTP are those of the predictor."""

import base64

import cv2
import numpy as np
import pytest
from web_service import refused

from cxrtune.scoring.heatmap import heat, overlay


def decoded(data):
    """Red, green, blue, and alpha if there is one."""
    channels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(channels, cv2.COLOR_BGRA2RGBA if channels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def expected_overlay(predictor, data, finding, opacity):
    prediction = predictor.predict(data)
    evidence = prediction.cam[predictor.info.findings.index(finding)]
    spec = predictor.info.recipe.preprocess
    return overlay(prediction.pixels, heat(evidence, prediction.pixels.shape, spec), opacity)


@pytest.mark.parametrize("opacity", [0.0, 0.45, 1.0])
def test_an_overlay_as_png(service, predictor, phantoms, opacity):
    finding = predictor.info.findings[2]
    answer = service.post(
        "/v1/heatmaps",
        files={"files": ("a.png", phantoms[0])},
        params={"finding": finding, "opacity": opacity},
        headers={"Accept": "image/png"},
    )
    assert answer.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(
        decoded(answer.content), expected_overlay(predictor, phantoms[0], finding, opacity)
    )


def test_the_layer_laid_over_the_radiograph_is_the_overlay(service, predictor, phantoms):
    answer = service.post("/v1/heatmaps", files={"files": phantoms[0]}, params={"layer": "heat"})
    heatmaps = answer.json()["heatmaps"]
    assert [one["finding"] for one in heatmaps] == list(predictor.info.findings)
    pixels = predictor.predict(phantoms[0]).pixels.astype(float)[..., None]
    for one in heatmaps:
        layer = decoded(base64.b64decode(one["image"]["png"])).astype(float)
        share = 0.5 * layer[..., 3:] / 255
        mixed = pixels * (1 - share) + layer[..., :3] * share
        np.testing.assert_allclose(
            mixed, expected_overlay(predictor, phantoms[0], one["finding"], 0.5), atol=1.5
        )


def test_findings_can_be_chosen_and_sides_limited(service, predictor, large):
    wanted = [predictor.info.findings[3], predictor.info.findings[1]]
    answer = service.post(
        "/v1/heatmaps", files={"files": large}, params={"finding": wanted, "side": 128, "layer": "heat"}
    )
    heatmaps = answer.json()["heatmaps"]
    assert sorted(one["finding"] for one in heatmaps) == sorted(wanted)
    assert all((one["image"]["width"], one["image"]["height"]) == (128, 128) for one in heatmaps)


def test_unknown_findings_are_refused_with_the_known_ones(service, phantoms):
    answer = service.post("/v1/heatmaps", files={"files": phantoms[0]}, params={"finding": "Ennui"})
    assert "does not know" in refused(answer, 422, "invalid_parameter")
    assert "Effusion" in answer.json()["error"]["remedy"]


def test_one_file_a_request(service, phantoms):
    files = [("files", phantoms[0]), ("files", phantoms[1])]
    refused(service.post("/v1/heatmaps", files=files), 413, "too_many_files")


def test_a_file_that_is_no_radiograph(service):
    answer = service.post("/v1/heatmaps", files={"files": ("a.png", b"no image")})
    refused(answer, 422, "unreadable_image")
