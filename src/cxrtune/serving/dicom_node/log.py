"""What the node logs: a row's number and what became of it; never a name, an identifier or a UID."""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("cxrtune.serving.dicom_node")
LIBRARIES = ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3")
"""Their loggers are silenced: what they log may hold values of a data set."""
