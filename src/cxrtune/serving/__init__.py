"""Models served over a network: `web/`, an HTTP service with a page; `dicom_node/`, for an image archive."""
