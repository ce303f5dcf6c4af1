"""Figures drawn from finished arrays, as SVG and PNG, with reproducible bytes."""
