"""DICOM node for an image archive: receives radiographs, returns structured reports and heatmaps.

The path of an instance: `receive` (C-STORE) or `web` (WADO-RS) -> `queue` (SQLite, synced) -> `scorer`
(`source` in a decoding process, then `report` and `capture`) -> `queue` -> `sender` (C-STORE or STOW-RS) ->
done. `node` runs all of these.
"""

import logging

LOGGER = logging.getLogger("cxrtune.serving.dicom_node")
"""What the node logs: a row's number and what became of it; never a name, an identifier or a UID."""

LIBRARIES = ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3")
"""Their loggers are silenced: what they log may hold values of a data set."""
