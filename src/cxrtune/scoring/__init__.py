"""Score images with a model."""
