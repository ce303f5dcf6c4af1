"""Makes `encoded` and `dicom_made` importable in this folder and below it."""
