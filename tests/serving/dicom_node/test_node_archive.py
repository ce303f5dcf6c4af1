"""The node between a real archive at both ends, and foreign programs that judge what it makes."""

import io
import json

import numpy as np
import pytest
from node_world import (
    CAPTURE,
    FINDINGS,
    PATIENT,
    REPORT,
    SERIES,
    STUDY,
    Node,
    Orthanc,
    chest,
    radiograph,
    require,
    run,
    store,
    until,
)
from pydicom import dcmread

from cxrtune.scoring.predictor import Predictor
from dicom_made import SYNTAXES


def items(content, depth=0):
    """Every content item, with its depth."""
    for item in content.get("ContentSequence", ()):
        yield depth, item
        yield from items(item, depth + 1)


def meaning(item) -> str:
    return item.ConceptNameCodeSequence[0].CodeMeaning


def numbers_of(report) -> dict:
    """By finding: probability, threshold, decision, and the code of the finding, read with pydicom alone."""
    found = {}
    for _, group in items(report):
        if group.ValueType != "CONTAINER" or meaning(group) != "Measurement Group":
            continue
        parts = {meaning(item): item for item in group.ContentSequence}
        value = {
            name: float(parts[name].MeasuredValueSequence[0].NumericValue)
            for name in ("Probability", "Decision threshold")
        }
        decision = parts["Decision at the threshold"].ConceptCodeSequence[0].CodeMeaning
        code = parts["Finding"].ConceptCodeSequence[0]
        found[parts["Tracking Identifier"].TextValue] = (
            value["Probability"],
            value["Decision threshold"],
            decision,
            (code.CodingSchemeDesignator, code.CodeValue),
        )
    return found


def texts_of(report) -> str:
    return "\n".join(item.TextValue for _, item in items(report) if item.ValueType == "TEXT")


def no_errors(path) -> str:
    """Let dciodvfy judge a file, and return its warnings."""
    said = run("dciodvfy", "-new", path, code=None)
    assert "Error" not in said, said
    return "\n".join(line for line in said.splitlines() if line.startswith("Warning"))


def test_an_archive_gets_a_report_and_heatmaps_of_what_it_sends(orthanc, start_node, model, tmp_path):
    require("dciodvfy", "dsrdump")
    node = start_node("--results-to", orthanc.peer)
    orthanc.put("/modalities/cxrtune", {"AET": "CXRTUNE", "Host": "127.0.0.1", "Port": node.port})
    image = radiograph(1)
    sent = json.loads(orthanc.post("/instances", image))["ID"]
    orthanc.post("/modalities/cxrtune/echo", {})
    orthanc.post("/modalities/cxrtune/store", [sent])
    node.until_done(1)

    (report,) = orthanc.files("SR")
    captures = orthanc.files("OT")
    assert len(captures) == 2

    # The report, read without the library that wrote it.
    read = dcmread(io.BytesIO(report))
    assert read.SOPClassUID == REPORT
    assert read.StudyInstanceUID == STUDY
    assert read.SeriesInstanceUID != SERIES
    for keyword, value in PATIENT.items():
        assert str(read[keyword].value) == value, keyword
    evidence = read.CurrentRequestedProcedureEvidenceSequence[0]
    assert evidence.StudyInstanceUID == STUDY
    assert (
        evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        == f"{SERIES}.1"
    )
    expected = {
        score.finding: score for score in Predictor.load(model, engine="torch").predict(image).findings
    }
    found = numbers_of(read)
    assert tuple(found) == FINDINGS
    for finding, (probability, threshold, decision, _) in found.items():
        assert probability == pytest.approx(expected[finding].score, abs=1e-5)
        assert threshold == expected[finding].threshold
        assert (decision == "Present") is expected[finding].positive
    assert [found[finding][3] for finding in FINDINGS] == [
        ("SCT", "60046008"), ("SCT", "4147007"), ("99CXRTUNE", "pleural-thick")
    ]  # fmt: skip
    assert "Not for clinical use" in texts_of(read)
    assert (read.CompletionFlag, read.VerificationFlag, read.PreliminaryFlag) == (
        "COMPLETE", "UNVERIFIED", "PRELIMINARY"
    )  # fmt: skip

    # Each heatmap.
    for data in captures:
        capture = dcmread(io.BytesIO(data))
        assert capture.SOPClassUID == CAPTURE
        assert capture.StudyInstanceUID == STUDY
        assert capture.PatientName == PATIENT["PatientName"]
        assert capture.PhotometricInterpretation == "RGB"
        assert capture.BurnedInAnnotation == "YES"
        assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == f"{SERIES}.1"
        pixels = capture.pixel_array
        assert pixels.shape == (capture.Rows, capture.Columns, 3)
        assert (pixels[..., 0] != pixels[..., 2]).any()

    # Programs that did not write them.
    for number, data in enumerate([report, *captures]):
        path = tmp_path / f"result-{number}.dcm"
        path.write_bytes(data)
        warnings = no_errors(path)
        assert all("99CXRTUNE" in line for line in warnings.splitlines()), warnings
    said = run("dsrdump", tmp_path / "result-0.dcm")
    assert "Comprehensive SR Document" in said
    assert '(60046008,SCT,"Pleural effusion")' in said
    assert '"Artificial Intelligence"' in said
    # Orthanc renders what it was given, so a viewer does.
    rendered = orthanc.call(f"/instances/{next(iter(orthanc.instances('OT').values()))}/preview")
    assert rendered.startswith(b"\x89PNG")


ROUTE = """
function OnStoredInstance(id, tags, metadata)
  if tags.Modality == 'CR' or tags.Modality == 'DX' then
    SendToModality(id, 'cxrtune')
  end
end
"""


def test_an_archive_that_routes_by_itself(start_node, tmp_path):
    """Orthanc forwards each radiograph when it arrives, and no result that comes back."""
    script = tmp_path / "route.lua"
    script.write_text(ROUTE)
    archive = Orthanc(tmp_path / "orthanc", options={"LuaScripts": [str(script)]}).start()
    try:
        node = start_node("--results-to", archive.peer)
        archive.put("/modalities/cxrtune", {"AET": "CXRTUNE", "Host": "127.0.0.1", "Port": node.port})
        for number in range(6):
            archive.post("/instances", radiograph(number))
        node.until_done(6)
        assert len(archive.instances("SR")) == 6
        assert len(archive.instances("OT")) == 12
        assert node.counts()["aside"] == 0
    finally:
        archive.stop()


@pytest.mark.parametrize("name", SYNTAXES)
def test_every_transfer_syntax_that_the_reader_takes(running, files, name):
    _, node = running
    options = {"JPEG baseline": {"bits": 8}, "JPEG 2000 lossy": {"bits": 8}}.get(name, {})
    pixels = (chest(3) >> 4).astype(np.uint16) if options else chest(3)
    number = 100 + list(SYNTAXES).index(name)
    paths = files(radiograph(number, syntax=SYNTAXES[name], pixels=pixels, **options))
    before = node.counts()["done"]
    flags = {
        "implicit": "-xi", "explicit": "-xe", "big endian": "-xb", "deflated": "-xd", "RLE": "-xr",
        "JPEG baseline": "-xy", "JPEG lossless": "-xs", "JPEG-LS": "-xt", "JPEG 2000": "-xv",
        "JPEG 2000 lossy": "-xw",
    }  # fmt: skip
    said = store(node, *paths, options=(flags[name],))
    assert "Success" in said
    until(lambda: node.counts()["done"] == before + 1)


@pytest.fixture(scope="module")
def running(tmp_path_factory, model):
    """An archive and a node that several tests send to."""
    folder = tmp_path_factory.mktemp("running")
    archive = Orthanc(folder / "orthanc").start()
    node = Node(model, folder / "node", ("--results-to", archive.peer)).start()
    yield archive, node
    node.stop()
    archive.stop()


def test_the_foreign_echo(running):
    _, node = running
    assert "Received Echo Response (Success)" in run(
        "echoscu", "-v", "-aet", "ANY", "-aec", "CXRTUNE", "127.0.0.1", node.port
    )
