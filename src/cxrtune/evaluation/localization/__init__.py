"""Whether a model looks where people drew boxes, beside controls that do not look at the image at all."""
