"""A model and pictures -> predictions."""
