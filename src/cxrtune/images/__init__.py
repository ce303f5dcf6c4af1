"""Bytes -> radiograph -> model input."""
