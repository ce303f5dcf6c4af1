"""Figures drawn from finished arrays, as SVG and PNG, the same bytes every time."""
