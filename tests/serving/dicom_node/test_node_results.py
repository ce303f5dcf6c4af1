"""What goes back to the archive: the same for the same, the patient as in the radiograph, no clock."""

import dataclasses
import io
import pickle
import uuid
import warnings
from concurrent.futures import Future
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
from node_world import DIGITAL, FINDINGS, PATIENT, SERIES, radiograph
from pydicom import dcmread, filereader
from test_node_archive import no_errors, numbers_of, texts_of

from cxrtune.findings import NIH_FINDINGS
from cxrtune.scoring.predictor import Predictor
from cxrtune.scoring.quality import Flag, Quality
from cxrtune.serving.dicom_node.codes import FINDING_CODES, finding_code
from cxrtune.serving.dicom_node.instance import stable_uid
from cxrtune.serving.dicom_node.queue import Queue
from cxrtune.serving.dicom_node.receive import SUCCESS, Receiver
from cxrtune.serving.dicom_node.scorer import ResultMaker, Scorer
from cxrtune.serving.dicom_node.settings import NodeSettings
from cxrtune.serving.dicom_node.source import instance_reader, read_source


@pytest.fixture(scope="module")
def predictor(model):
    return Predictor.load(model, engine="torch")


@pytest.fixture(scope="module")
def make(predictor):
    """Return a function: a DICOM file's bytes -> the results, read again."""

    def results(data, *, refuse=False, received=0.0, **changes):
        spec = predictor.info.recipe.preprocess
        # As it comes out of a decoding process.
        source, reading = pickle.loads(pickle.dumps(instance_reader(spec, predictor.allow)()(data)))
        prediction = dataclasses.replace(predictor.score([reading])[0], **changes)
        made = ResultMaker(spec, refuse).results(source, prediction, received)
        return [dcmread(io.BytesIO(one.data)) for one in made]

    return results


class InThisProcess:
    """Workers that are none: each item is read when it is asked for."""

    def __init__(self, make):
        self._read = make()

    def submit(self, item):
        future = Future()
        future.set_result(self._read(item))
        return future


def test_an_instance_is_parsed_once_where_it_is_taken_in_and_once_where_it_is_decoded(
    predictor, tmp_path, monkeypatch
):
    parsed = []

    def counted(stream, stop_when=None, parse=filereader.read_partial, **options):
        parsed.append(stop_when)
        return parse(stream, stop_when, **options)

    data = radiograph(1)
    request = SimpleNamespace(AffectedSOPClassUID=DIGITAL, AffectedSOPInstanceUID=f"{SERIES}.1")
    with closing(Queue(tmp_path / "queue.sqlite")) as queue:
        monkeypatch.setattr(filereader, "read_partial", counted)
        event = SimpleNamespace(encoded_dataset=lambda: data, request=request)
        assert Receiver(queue, lambda: None).store(event) == SUCCESS
        assert len(parsed) == 1
        assert parsed[0] is not None, "pixels are not read before the peer has its answer"
        reader = instance_reader(predictor.info.recipe.preprocess, predictor.allow)
        Scorer(queue, predictor, InThisProcess(reader), NodeSettings()).step()
        assert len(parsed) == 2
        assert len(queue.unsent(9)) == 3


def test_the_same_input_and_model_give_the_same_bytes(predictor):
    data = radiograph(1)
    maker = ResultMaker(predictor.info.recipe.preprocess)
    once, again = (
        maker.results(read_source(data), predictor.predict(data), received) for received in (0.0, 1e9)
    )
    assert once == again
    assert len({result.uid for result in once}) == 3


def test_uids_depend_on_input_model_finding_and_mode(make, predictor):
    first, other = make(radiograph(1)), make(radiograph(2))
    model = make(radiograph(1), model=dataclasses.replace(predictor.identity, sha256="0" * 64))
    refusing = make(radiograph(1), refuse=True)
    uids = [str(one.SOPInstanceUID) for made in (first, other, model) for one in made]
    uids.append(str(refusing[0].SOPInstanceUID))
    assert len(set(uids)) == len(uids)
    for uid in uids:
        number = uid.removeprefix("2.25.")
        assert len(uid) <= 64
        assert uuid.UUID(int=int(number)).version == 8
        assert uuid.UUID(int=int(number)).variant == uuid.RFC_4122
    assert {one.SeriesInstanceUID for one in first}.isdisjoint({SERIES})
    assert len({one.SeriesInstanceUID for one in first}) == 2


def test_the_documented_hash():
    """Written out once more, as docs/pacs.md says it."""
    import hashlib

    bits = bin(int(hashlib.sha256(b"cxrtune.dicom-node/1\nreport\n1.2.3\n").hexdigest()[:32], 16))[2:].zfill(
        128
    )
    bits = bits[:48] + "1000" + bits[52:64] + "10" + bits[66:]
    assert stable_uid("report", "1.2.3") == f"2.25.{int(bits, 2)}"


def test_dates_are_the_radiographs(make):
    for result in make(radiograph(1, AcquisitionDate="20260101", AcquisitionTime="235959.5")):
        assert (result.ContentDate, result.ContentTime) == ("20260101", "235959.5")
        assert "InstanceCreationDate" not in result
    for result in make(radiograph(1, StudyDate=None, StudyTime=None), received=86_400.0):
        assert (result.ContentDate, result.ContentTime) == ("19700102", "000000")


def test_names_of_every_script_and_wrong_values_arrive_as_they_are(make, tmp_path):
    odd = {
        "SpecificCharacterSet": "ISO_IR 144",
        "PatientName": "Люксембург",
        "StudyDescription": "Рентген",
    }
    for number, result in enumerate(make(radiograph(1, **odd))):
        assert result.SpecificCharacterSet == "ISO_IR 192"
        assert str(result.PatientName) == odd["PatientName"]
        assert result.StudyDescription == odd["StudyDescription"]
        (tmp_path / f"{number}.dcm").write_bytes(b"")
        result.save_as(tmp_path / f"{number}.dcm")


def test_an_identifier_that_the_standard_forbids_still_finds_its_patient(make):
    whole = radiograph(1)
    long = "0815-4711" + "x" * 91
    # (0010,0020) LO: longer than the 64 characters that are allowed; written by hand, as no library does it.
    old = b"\x10\0\x20\0LO\x0a\0" + b"0815-4711 "
    assert whole.count(old) == 1
    data = whole.replace(old, b"\x10\0\x20\0LO\x64\0" + long.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of this test's own reading
        for result in make(data):
            assert result.PatientID == long


def test_what_is_missing_is_empty_where_the_standard_wants_it(make, tmp_path):
    nothing = dict.fromkeys(PATIENT)
    for number, result in enumerate(make(radiograph(1, **nothing))):
        assert result["PatientID"].is_empty
        path = tmp_path / f"{number}.dcm"
        result.save_as(path)
        no_errors(path)


def test_a_flagged_image_gets_a_report_that_says_so(make, tmp_path):
    flagged = Quality((Flag("pose", "looks upside down"),), 3.0, 1.0)
    report, *heatmaps = make(radiograph(1), quality=flagged)
    assert "This image looks upside down." in texts_of(report)
    assert "its probabilities mean less" in texts_of(report)
    assert tuple(numbers_of(report)) == FINDINGS
    assert len(heatmaps) == 2


def test_refusing_gives_the_statement_and_no_number(make, tmp_path):
    flagged = Quality((Flag("blank", "is blank: all of one grey"),), 0.0, 1.0)
    (report,) = make(radiograph(1), quality=flagged, refuse=True)
    assert numbers_of(report) == {}
    assert "is blank" in texts_of(report)
    assert "No probabilities are given" in texts_of(report)
    assert f"{SERIES}.1" in str(report.CurrentRequestedProcedureEvidenceSequence)
    report.save_as(tmp_path / "refused.dcm")
    no_errors(tmp_path / "refused.dcm")
    assert len(make(radiograph(1), refuse=True)) == 3  # not flagged, so nothing is held back


def test_calibrated_probabilities_stand_with_their_own_threshold(make, predictor):
    scores = tuple(
        dataclasses.replace(score, probability=0.125, probability_threshold=0.25)
        for score in predictor.predict(radiograph(1)).findings
    )
    report = make(radiograph(1), findings=scores)[0]
    assert {numbers[:2] for numbers in numbers_of(report).values()} == {(0.125, 0.25)}
    assert "Calibrated on validation images" in str(report)


def test_a_finding_without_threshold_has_no_decision(make, predictor):
    scores = tuple(
        dataclasses.replace(score, threshold=None, positive=None)
        for score in predictor.predict(radiograph(1)).findings
    )
    made = make(radiograph(1), findings=scores)
    assert len(made) == 1
    assert "Decision" not in str(made[0])


def test_every_finding_of_nihs_has_a_code_that_dicom_can_hold():
    assert tuple(FINDING_CODES) == tuple(sorted(FINDING_CODES, key=list(FINDING_CODES).index))
    assert set(FINDING_CODES) == set(NIH_FINDINGS)
    assert len({code[:2] for code in FINDING_CODES.values()}) == 14
    for finding in (*NIH_FINDINGS, "Something_that_is_longer_than_any_code_may_be"):
        code = finding_code(finding)
        assert len(code.value) <= 16
        assert code.meaning


def test_public_codes_are_those_of_pydicoms_dictionary():
    """Of those that PS3.16 lists, pydicom's copy of it says the same meaning."""
    from pydicom.sr._concepts_dict import concepts

    known = {
        (scheme, code): entry[0]
        for scheme, names in concepts.items()
        for codes in names.values()
        for code, entry in codes.items()
    }
    found = {
        finding: known[scheme, value]
        for finding, (value, scheme, _) in FINDING_CODES.items()
        if (scheme, value) in known
    }
    assert found.items() >= {
        "Effusion": "Pleural effusion", "Infiltration": "Infiltrate", "Mass": "Mass", "Nodule": "Nodule",
        "Pneumothorax": "Pneumothorax", "Edema": "Pulmonary edema",
    }.items()  # fmt: skip


def test_a_large_image_is_reduced_and_a_small_one_is_framed(make):
    large = np.tile(np.arange(1500, dtype=np.uint16), (2000, 1))
    heatmap = make(radiograph(1, pixels=large))[1]
    assert max(heatmap.Rows, heatmap.Columns) < 1200
    small = make(radiograph(1, pixels=large[:70, :60]))[1]
    assert small.Columns == 320


def test_lossy_radiographs_give_heatmaps_that_say_so(make, tmp_path):
    lossy = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "12.5", "BurnedInAnnotation": "NO"}
    heatmap = make(radiograph(1, **lossy))[1]
    assert heatmap.LossyImageCompression == "01"
    assert float(heatmap.LossyImageCompressionRatio) == 12.5
    assert heatmap.BurnedInAnnotation == "NO"
    heatmap.save_as(tmp_path / "lossy.dcm")
    no_errors(tmp_path / "lossy.dcm")
