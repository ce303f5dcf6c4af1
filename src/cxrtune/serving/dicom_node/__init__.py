"""A DICOM node beside a picture archive: radiographs in, structured reports and heatmaps out.

The way of an instance: `receive` (C-STORE) or `web` (WADO-RS) -> `queue` (SQLite, synced) -> `scorer` ->
`results` (`report`, `capture`) -> `queue` -> `sender` (C-STORE or STOW-RS) -> done. `node` runs all of it.
"""
