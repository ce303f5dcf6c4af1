"""Models behind a network: `web/`, a service with a page; `dicom_node/`, beside an image archive."""
