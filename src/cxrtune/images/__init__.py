"""Image files -> radiographs -> model input."""
