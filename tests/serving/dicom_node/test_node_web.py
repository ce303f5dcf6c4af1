"""DICOMweb as the second way: a study by WADO-RS, results by STOW-RS, against Orthanc's own plugin."""

import io

import pytest
from node_world import COMMAND, SERIES, STUDY, free_port, radiograph, run
from pydicom import dcmread
from test_node_archive import numbers_of

from cxrtune.errors import DataError, UsageError
from cxrtune.serving.dicom_node.queue import Result
from cxrtune.serving.dicom_node.sender import ArchiveAwayError
from cxrtune.serving.dicom_node.web import StoreByWeb, fetch_radiographs

AWAY = f"http://127.0.0.1:{free_port()}/dicom-web"


@pytest.fixture
def filled(orthanc):
    """An archive with a study of two radiographs and an image that is none."""
    for number in (1, 2):
        orthanc.post("/instances", radiograph(number))
    orthanc.post(
        "/instances",
        radiograph(
            3, Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SeriesInstanceUID=f"{SERIES}.7"
        ),
    )
    return orthanc


def test_a_study_is_fetched_scored_and_sent_back(filled, model, tmp_path):
    queue = tmp_path / "queue.sqlite"
    fetch = (
        *(*COMMAND, "fetch", model, filled.web, "--engine", "torch", "--queue", queue),
        *("--study", STUDY, "--results-to-web", filled.web),
    )
    said = run(*fetch)
    assert "done                           2" in said
    reports = [dcmread(io.BytesIO(data)) for data in filled.files("SR")]
    assert len(reports) == 2
    assert {report.StudyInstanceUID for report in reports} == {STUDY}
    assert all(numbers_of(report) for report in reports)
    assert len(filled.instances("OT")) == 4 + 1
    assert STUDY not in said
    assert "Doe" not in said
    # Again, with an empty memory: the same UIDs, so the archive has no more than before.
    queue.unlink()
    run(*fetch)
    assert len(filled.instances("SR")) == 2
    assert len(filled.instances("OT")) == 4 + 1


def test_fetched_files_are_those_that_were_stored(filled):
    fetched = {
        dcmread(io.BytesIO(data)).SOPInstanceUID: data for data in fetch_radiographs(filled.web, STUDY)
    }
    assert set(fetched) == {f"{SERIES}.1", f"{SERIES}.2"}
    for number in (1, 2):
        stored = dcmread(io.BytesIO(radiograph(number)))
        assert dcmread(io.BytesIO(fetched[f"{SERIES}.{number}"])).PixelData == stored.PixelData


def test_a_service_that_is_away_is_named_without_the_study():
    with pytest.raises(DataError, match=r"the study cannot be fetched \(ConnectionError\)") as caught:
        list(fetch_radiographs(AWAY, STUDY))
    assert STUDY not in str(caught.value)
    with pytest.raises(ArchiveAwayError, match="the archive cannot be reached"):
        list(StoreByWeb(AWAY).store([Result("1.2", "1.3", radiograph(1))]))


def test_what_is_no_address_and_what_is_no_uid():
    with pytest.raises(UsageError, match="'ftp://x' is no address of a DICOMweb service"):
        StoreByWeb("ftp://x")
    for uid in ("../../etc", "1.2/3", ""):
        with pytest.raises(UsageError, match="this is no Study Instance UID"):
            list(fetch_radiographs(AWAY, uid))
