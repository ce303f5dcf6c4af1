"""Whether a model looks at the boxes drawn by readers, compared with controls that ignore the image."""
