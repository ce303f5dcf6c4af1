"""Calibration of probabilities, and measures of how well they are calibrated."""
