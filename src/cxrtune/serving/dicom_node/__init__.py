"""DICOM node for an image archive: receives radiographs, returns structured reports and heatmaps.

The path of an instance: `receive` (C-STORE) or `web` (WADO-RS) -> `queue` (SQLite, synced) -> `scorer`
(`source` in a decoding process, then `report` and `capture`) -> `queue` -> `sender` (C-STORE or STOW-RS) ->
done. `node` runs all of these.
"""

import logging

LOGGER = logging.getLogger("cxrtune.serving.dicom_node")
"""Logger of the node: numbers of rows and their outcome; never a name, an identifier or a UID."""

LIBRARIES = ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3")
"""Libraries whose loggers are silenced: what they log may contain values of a data set."""
