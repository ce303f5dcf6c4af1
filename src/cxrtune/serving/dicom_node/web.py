"""DICOMweb, the alternative to DIMSE: studies by WADO-RS, results by STOW-RS (PS3.18 10.4, 10.5)."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator, Sequence
from http import HTTPStatus

import requests
from dicomweb_client.web import DICOMwebClient
from pydicom import Dataset, dcmread

from cxrtune.errors import DataError, UsageError
from cxrtune.images.held_warnings import held_warnings
from cxrtune.serving.dicom_node.queue import Result
from cxrtune.serving.dicom_node.sender import ArchiveAnswer, ArchiveAwayError
from cxrtune.serving.dicom_node.source import is_uid

AUTHORIZATION_VARIABLE = "CXRTUNE_DICOMWEB_AUTHORIZATION"
"""Environment variable with the Authorization header, such as `Bearer ...`; process lists do not show it."""

_SECONDS = 60.0
_RADIOGRAPHS = ("CR", "DX")
_AWAY = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Status codes that indicate the state of the archive rather than a problem of the result."""

_DUPLICATE = 0x0111


class StoreByWeb:
    """An archive that is accessed by STOW-RS."""

    def __init__(self, url: str) -> None:
        """Create the client.

        Args:
            url: URL of the DICOMweb service.

        Raises:
            UsageError: The URL is not a valid HTTP or HTTPS URL.
        """
        self._client = client_for(url)

    def store(self, results: Sequence[Result]) -> Generator[ArchiveAnswer, None, None]:
        """Store results, one per request.

        Raises:
            ArchiveAwayError: The service cannot be reached or is unable to answer.
        """
        for result in results:
            yield self._store(result)

    def _store(self, result: Result) -> ArchiveAnswer:
        with held_warnings("pydicom"):
            dataset = dcmread(io.BytesIO(result.data))
        try:
            response = self._client.store_instances([dataset])
        except requests.HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            if status == HTTPStatus.CONFLICT and _is_duplicate(error.response):
                return ArchiveAnswer("accepted")
            if status in _AWAY:
                raise ArchiveAwayError(f"the archive answered HTTP {status}") from None
            if status >= 500:
                return ArchiveAnswer("later", f"the archive answered HTTP {status}")
            return ArchiveAnswer("refused", f"the archive answered HTTP {status}")
        except requests.RequestException as error:
            raise ArchiveAwayError(f"the archive cannot be reached ({type(error).__name__})") from None
        failed = response.get("FailedSOPSequence") or []
        reason = int(failed[0].get("FailureReason", 0)) if failed else None
        if reason is None or reason == _DUPLICATE:
            return ArchiveAnswer("accepted")
        # PS3.18 I.2.2: A7xx means out of resources.
        return ArchiveAnswer(
            "later" if reason >> 8 == 0xA7 else "refused", f"the archive answered {reason:04X}"
        )


def fetch_radiographs(url: str, study: str) -> Iterator[bytes]:
    """Yield the CR and DX instances of a study as DICOM files, in the syntaxes in which they are stored.

    Args:
        url: URL of the DICOMweb service.
        study: Study Instance UID.

    Raises:
        UsageError: The URL or the UID is not valid.
        DataError: The service does not return the study.
    """
    if not is_uid(study):
        raise UsageError(
            "this is no Study Instance UID", remedy="Write digits and dots, such as 1.2.840.99.1."
        )
    client = client_for(url)
    try:
        for modality in _RADIOGRAPHS:
            for found in client.search_for_instances(
                study_instance_uid=study, search_filters={"Modality": modality}, get_remaining=True
            ):
                series, instance = (found[tag]["Value"][0] for tag in ("0020000E", "00080018"))
                dataset = client.retrieve_instance(
                    study, series, instance, media_types=(("application/dicom", "*"),)
                )
                yield _file_of(dataset)
    except (requests.RequestException, KeyError, IndexError, ValueError) as error:
        # The text of such an error contains the address, which contains the study's UID.
        raise DataError(
            f"the study cannot be fetched ({type(error).__name__})",
            remedy="Try the address in a browser; a service that wants credentials gets them from "
            f"{AUTHORIZATION_VARIABLE}.",
        ) from None


def client_for(url: str) -> DICOMwebClient:
    """Return a client for a DICOMweb service.

    Raises:
        UsageError: The URL is not a valid HTTP or HTTPS URL.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"'{url}' is no address of a DICOMweb service",
            remedy="It begins with http:// or https://, such as http://127.0.0.1:8042/dicom-web.",
        )
    secret = os.environ.get(AUTHORIZATION_VARIABLE)
    client = DICOMwebClient(
        url.rstrip("/"), headers={"Authorization": secret} if secret else None, timeout=_SECONDS
    )
    # The queue handles retries and their delays.
    client.set_http_retry_params(retry=False)
    return client


def _file_of(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    with held_warnings("pydicom"):
        dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _is_duplicate(response: requests.Response | None) -> bool:
    try:
        answer = {} if response is None else response.json()
        failed = answer["00081198"]["Value"]
        return all(item["00081197"]["Value"][0] == _DUPLICATE for item in failed)
    except (ValueError, KeyError, IndexError, TypeError):
        return False
